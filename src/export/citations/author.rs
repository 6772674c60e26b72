//! Names of authors, split into family and given name where that is certain.
//!
//! A wrong split makes "Press, Associated" of an agency, which is worse than a name in one piece. So a name is split
//! only where its first word is a common given name, or initials (`J. Smith`, `Ada M. Okafor`) show that it is a
//! person's, and where one word is left for the family name, with its particles (`Anna van der Berg`).

/// An author as citations name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// A person.
    Person {
        /// With its particles: `van der Berg`.
        family: String,
        /// With initials: `Ada M.`.
        given: String,
    },
    /// A name in one piece: of an agency, or of a person whose names cannot be told apart.
    Literal(String),
}

/// Words between given and family name that belong to the latter.
const PARTICLES: &str = "af av da dal de del della den der di do dos du la le ten ter van vom von zu zum zur";

/// Words that no family name is, in lower case.
const NOT_NAMES: &str = "\
    agency correspondent desk editor editors gazette herald journal magazine media news newsroom \
    observer post press redaktion report reporter reporters review service staff team times today \
    tribune wire writer";

/// Common given names of languages in which they come first. None that is also a town or a thing.
const GIVEN_NAMES: &str = "\
    Adam Agnieszka Alain Alan Albert Alberto Alejandro Alessandra Alessandro Alex Alexander Alexandra Alice Alison Amanda \
    Amy Ana Anders Andreas Andrew Andrzej Angelika Anja Anna Anne Annette Annika Anthony Antje Antoine Antonio Astrid \
    Aurélie Barbara Beatriz Ben Benjamin Benoît Bernard Bernd Birgit Björn Bjørn Brian Brigitte Bruno Camille Carlo Carlos \
    Carol Caroline Catherine Charles Chiara Chloé Christian Christina Christine Christoph Christophe Christopher Claire \
    Claudia Cécile Céline Daniel David Deborah Diana Didier Diego Dieter Donald Dorothy Eduardo Edward Eleanor Elena \
    Elizabeth Elke Ellen Emily Emma Enrique Eric Erik Eva Fabien Fabio Fabrice Federico Fernando Florian Francesca \
    Francesco Frank Franz François Françoise Friedrich Fritz Frédéric Gabriel Gabriele Georg Gerhard Giacomo Giorgio \
    Giovanni Giulia Giuseppe Gonzalo Guillaume Gunnar Gérard Hannah Hans Harry Heike Heinz Helen Helmut Hendrik Henrik \
    Henry Hervé Hélène Ian Ignacio Ingrid Isabel Isabelle Jack Jacob Jacques James Jan Jane Janet Janusz Jason Javier Jean \
    Jennifer Jens Jessica Joan Johan Johannes John Jonathan Jorge Joseph Joshua José João Juan Julia Julie Julien Jérôme \
    Jörg Jürgen Karen Kari Karin Karl Katarzyna Kate Katherine Kathleen Katja Katrin Kevin Klaus Kristian Krzysztof Kurt \
    Lars Laura Lauren Laurent Linda Linnea Lisa Lorenzo Louise Luc Luca Lucie Lucy Lucía Luis Magnus Manfred Manuel Marc \
    Marco Marek Margaret Maria Marie Marion Mario Mark Markus Marta Martha Martin Mary María Mathieu Matteo Matthew \
    Matthias Małgorzata Megan Mette Michael Michel Michelle Miguel Mikael Monika Mélanie Nancy Natalie Nathalie Nathan \
    Nicholas Nicolas Nicole Niels Nils Olav Oliver Olivia Olivier Otto Pablo Pamela Paola Paolo Pascal Patricia Patrick \
    Paul Paweł Pedro Peter Petra Philip Philippe Pierre Pieter Pietro Piotr Rachel Rafael Rainer Ralf Ramón Raphaël \
    Rebecca Renate Ricardo Richard Robert Roberto Roger Ruth Ryan Sabine Samantha Samuel Sandra Sarah Sean Sergio Sharon \
    Silvia Simon Sofía Sophie Stefan Stefanie Stefano Stephanie Stephen Steven Stéphane Stéphanie Susan Susanna Susanne \
    Sven Sylvie Sébastien Søren Teresa Thierry Thomas Thorsten Timothy Tom Tomasz Tomás Torsten Ulrich Ursula Ute Uwe \
    Valentina Valérie Vincent Volker Véronique Werner Willem William Wolfgang Yves Zoe";

impl Author {
    /// Reads a name of one line.
    pub(super) fn new(name: &str) -> Self {
        person(name).unwrap_or_else(|| Self::Literal(name.to_owned()))
    }
}

/// The two names of a person, where they are certain.
fn person(name: &str) -> Option<Author> {
    let words: Vec<&str> = name.split(' ').collect();
    let (family, before) = words.split_last()?;
    let (first, middle) = before.split_first()?;
    let initials = middle.iter().take_while(|word| is_initial(word)).count();
    let particles = middle.get(initials..)?;
    let is_person = is_initial(first) || (is_word(first) && (is_given(first) || initials > 0));
    let fits = is_word(family)
        && !is_in(NOT_NAMES, &family.to_lowercase())
        && particles.iter().all(|word| is_in(PARTICLES, word));
    (is_person && fits).then(|| Author::Person {
        family: words.get(1 + initials..).unwrap_or_default().join(" "),
        given: words.get(..=initials).unwrap_or_default().join(" "),
    })
}

/// `J.`
fn is_initial(word: &str) -> bool {
    word.strip_suffix('.').is_some_and(|letter| {
        let mut letters = letter.chars();
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_none()
    })
}

/// Two letters or more, the first one large; hyphens and apostrophes may part them.
fn is_word(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
        && word.chars().filter(|c| c.is_alphabetic()).count() > 1
        && word.chars().any(char::is_lowercase)
        && word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
}

/// A common given name; of `Jean-Pierre` the first part counts.
fn is_given(word: &str) -> bool {
    word.split('-').next().is_some_and(|first| is_in(GIVEN_NAMES, first))
}

/// Whether a word is in a list with spaces between its words.
fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|other| other == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certain_names_are_split() {
        for (name, family, given) in [
            ("Jane Smith", "Smith", "Jane"),
            ("J. Smith", "Smith", "J."),
            ("Xanthippe Q. O’Brien-Jones", "O’Brien-Jones", "Xanthippe Q."),
            ("John R. R. Tolkien", "Tolkien", "John R. R."),
            ("Jean-Pierre Dupont", "Dupont", "Jean-Pierre"),
            ("Anna van der Berg", "van der Berg", "Anna"),
            ("Łukasz B. Żak", "Żak", "Łukasz B."),
        ] {
            let (family, given) = (family.to_owned(), given.to_owned());
            assert_eq!(Author::new(name), Author::Person { family, given }, "{name}");
        }
        for name in [
            "Associated Press", "Agence France-Presse", "Martin Agency", "Gabriel García Márquez",
            "Smith, Jane", "Jane", "Kim Min-ji", "U.S. Navy", "Bank of England", "Jane Smith and Sons",
            "jane smith", "JANE SMITH", "B. Z.", "村上 春樹", "",
        ] {
            assert_eq!(Author::new(name), Author::Literal(name.to_owned()), "{name}");
        }
    }
}
