//! Enums whose variants each have one fixed word.
//!
//! The words are stored in the database, printed as JSON and used as metric labels: changing one changes all of them.

/// Defines an enum, and with `Variant = "word"` its `as_str` and `FromStr`, and how it is in JSON.
macro_rules! words {
    (
        $(#[$of_enum:meta])*
        pub enum $name:ident {
            $( $(#[$of_variant:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$of_enum])*
        pub enum $name {
            $( $(#[$of_variant])* $variant, )+
        }

        impl $name {
            /// The word used in the database, in JSON and in logs.
            pub fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }

        impl std::str::FromStr for $name {
            /// The word that is none of the enum's.
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err(word.to_owned()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                word.parse().map_err(|_| serde::de::Error::unknown_variant(&word, &[$($word),+]))
            }
        }
    };
}

pub(super) use words;
