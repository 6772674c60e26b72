//! The model: the weight of each feature for the log-odds that a block is of the article.
//!
//! The weights are those of two logistic regressions (L2, C = 0.3), fitted offline to the blocks of some 1300 pages with
//! known text. A block is of the article if at least half of its 4-grams are in that text. It counts by its number of
//! words; pages with a whole text count more than those of which only passages are known. The first regression sees a
//! block alone, the second also what the first says of its neighbours ([`super::score`]). The words are the most telling
//! of those on at least 12 sites. The weights here are fitted to all pages; an earlier fit of the same kind to one half of
//! them scored better than the hand-made rules before it on the other half of every set.

/// Declares the features and their two weights: for a block seen alone, and for one seen among its neighbours.
macro_rules! features {
    ($($(#[$doc:meta])* $name:ident $alone:literal $among:literal,)*) => {
        /// A feature of a block; a number between -1 and 1 or so.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Feature { $($(#[$doc])* $name,)* }

        /// Weights of a block alone, and among its neighbours.
        pub(super) const WEIGHTS: &[[f32; 2]] = &[$([$alone, $among],)*];

        /// How many there are.
        pub(super) const COUNT: usize = WEIGHTS.len();
    };
}

features! {
    /// Always 1.
    Bias 0.06 -1.44,
    /// Kind of the block.
    Paragraph -0.12 -0.26,
    Item 0.41 0.04,
    Row 0.84 0.56,
    Pre -0.32 -0.69,
    H1 -0.63 -0.56,
    H2 0.13 -0.21,
    H3 0.01 -0.18,
    H4 -0.27 -0.14,
    /// Tag of the element that makes it a block.
    OwnerP 0.16 0.21,
    OwnerDiv -0.39 -0.37,
    OwnerQuote 0.1 0.02,
    OwnerCaption -0.3 -0.2,
    /// Weight (characters, those of dense scripts counted for more) of at least so many.
    Long20 0.4 0.02,
    Long40 -0.05 -0.18,
    Long80 -0.02 -0.02,
    Long160 0.57 0.43,
    Long320 0.5 0.3,
    /// Natural logarithm of the weight, by 6.
    LogLength -0.22 -0.95,
    /// Share of its characters within links; at least half of them, nine tenths, none.
    Linked -0.32 -0.39,
    LinkedHalf -0.26 -0.23,
    LinkedAll 0.08 0.12,
    Unlinked 0.5 0.28,
    /// It ends like a sentence; and has a weight of 80 or more.
    Sentence 0.2 0.29,
    LongSentence 0.68 0.67,
    /// It ends with a colon, a question mark.
    Colon -0.04 -0.24,
    Question 0.08 -0.04,
    /// Commas in its beginning, up to 3.
    Commas 0.11 0.06,
    /// More than six tenths capitals, a quarter digits, in its beginning.
    Capitals -0.37 -0.33,
    Digits -0.12 -0.2,
    /// It begins with an arrow or bullet, or is a link that ends with one.
    Arrow -0.16 -0.22,
    Copyright -0.34 -0.23,
    /// Short, with an account or a URL in it.
    Handle 0.08 -0.27,
    /// Short, with bars, dots or slashes in its beginning.
    Separators -0.12 -0.09,
    /// It begins like a link to something else, like a picture credit.
    ReadMore -1.3 -1.02,
    Credit -0.66 -0.49,
    /// All of it is in italics, in bold.
    AllItalic -0.61 -0.56,
    AllBold -0.12 -0.4,
    /// Within such an element.
    InNav 0.19 -0.23,
    InFooter -1.16 -0.41,
    InAside -0.97 -0.12,
    InHeader -0.25 -0.46,
    InFigure -0.28 -0.61,
    InForm -0.42 -0.18,
    InArticle 0.57 -0.34,
    InMain 0.42 -0.28,
    InTable 0.62 0.04,
    InQuote 0.86 0.3,
    InList 0.1 -0.41,
    InSection -0.2 0.1,
    InDetails 0.21 0.11,
    InLink 0.41 0.2,
    /// Within an element with a role of noise, with `aria-hidden`, with `articleBody`, with the name of a body.
    InRole -0.92 -0.38,
    InHidden -0.5 -0.42,
    InBody -0.5 0.48,
    InBodyName 1.19 -0.5,
    /// Within more than one `<article>`.
    InArticles -0.45 -0.05,
    /// Within what is called like noise, however much is in it.
    SureName -0.37 0.02,
    LikelyName -0.18 0.01,
    /// The same, where little of the page is in it.
    Noise -1.2 -0.55,
    /// Share of the page's paragraphs in the element around its owner, and in those around that.
    ShareParent 0.51 -0.51,
    ShareGrand 0.67 -0.38,
    ShareGreat 0.46 -0.38,
    SharedSome 0.03 0.13,
    /// Share of characters within links there.
    LinkedParent -0.55 -0.14,
    LinkedGrand -0.26 -0.09,
    LinkedGreat -0.12 0.3,
    /// Paragraphs in the element around its owner, up to 5.
    Siblings 0.64 -0.18,
    /// Behind the block with the headline; at most five blocks behind it.
    AfterTitle 0.58 0.37,
    NearTitle 0.22 -0.16,
    /// Its place on the page, from 0 to 1.
    Place -1.11 0.3,
    LastTenth -0.08 -0.32,
    /// Its text is in JSON-LD's `articleBody`; or there is one, and it is not.
    InDeclaredBody 0.42 0.83,
    NotInDeclaredBody -0.99 -0.37,
    /// It is the title; in a description, or the other way round.
    IsTitle -0.15 -0.06,
    IsDescription 0.91 0.92,
    /// A long text that stood before.
    Repeated -0.84 -0.53,
    /// Said more than once on the page: labels, credits, buttons.
    Recurs 0.33 -0.08,
    /// Nothing but a link, as a paragraph, an item, a heading.
    LinkParagraph -0.3 -0.28,
    LinkItem -0.07 -0.11,
    LinkHeading 0.45 0.51,
    /// A short paragraph that is no sentence; an item that is none.
    Scrap -0.18 -0.35,
    ScrapItem 0.52 0.15,
    /// `Noise`, with a weight under 80, of at least 160.
    NoiseShort 0.25 0.14,
    NoiseLong -0.22 -0.26,
    /// Among its neighbours: own odds of the block, of the one before and after, of the three before and after.
    Alone 1.66 1.7,
    Before 0.61 0.28,
    After 0.89 0.52,
    Before3 0.98 0.58,
    After3 1.38 0.38,
    /// In the container; between its first and last likely text; up to six blocks before; behind.
    Inside 0.12 0.45,
    InSpan 0.15 0.74,
    AheadOfSpan -0.44 -0.09,
    BehindSpan -0.09 -0.37,
    /// Within the container, so many good blocks before and after, up to 5.
    HeadDistance -0.7 -0.64,
    TailDistance 0.42 0.88,
    /// Share of likely text in the element around its owner, in the one around that.
    LikelyParent -0.18 -0.48,
    LikelyGrand -0.42 -0.24,
    /// A heading before a good block; before another heading.
    HeadsLikely 0.36 0.17,
    HeadsHeading -0.57 -0.38,
    /// Heading or short, behind the last good block.
    LastHeading -0.15 -0.8,
    ShortBehind -0.25 0.15,
    /// What it is worth alone, where it is in the container, and where not.
    AloneInside 1.29 1.55,
    AloneOutside 0.38 0.15,
    /// Elements between the container and its owner, up to 5.
    Depth 0.16 -0.27,
    /// Share of all good characters that are in the element around its owner.
    LikelyShare 0.18 0.72,
    /// In italics, or with links, with at most one likely block behind it.
    ItalicEnd -0.39 -0.06,
    LinkedEnd -0.07 -0.21,
    /// A description before the first likely text.
    DescriptionAhead 0.66 0.59,
    /// In a container with an `itemprop`.
    InDeclaredContainer 0.26 -0.09,
}

/// A word in the class or id of an element; its weights in the names of the block's element and its parent; its weights
/// in the names of all elements around the block. Of each two weights the first is for a block alone, the second among
/// neighbours.
pub(super) type ModelWord = (&'static str, [f32; 2], [f32; 2]);

/// Sorted by the word.
#[rustfmt::skip]
pub(super) const WORDS: &[ModelWord] = &[
    ("5rem", [0.14, 0.09], [0.27, 0.22]), ("about", [-0.05, -0.05], [0.01, 0.05]),
    ("absolute", [-0.04, -0.02], [-0.09, -0.05]), ("accordion", [-0.12, -0.12], [0.04, -0.14]),
    ("action", [-0.02, -0.02], [-0.03, -0.03]), ("actions", [-0.01, -0.01], [-0.02, -0.01]),
    ("align", [0.02, 0.02], [-0.09, -0.13]), ("all", [0.05, 0.07], [-0.02, -0.04]),
    ("alt", [-0.04, -0.04], [-0.13, -0.04]), ("ancestor", [0.0, 0.0], [0.0, -0.01]),
    ("anchor", [0.02, 0.01], [0.02, -0.07]), ("animation", [0.03, 0.04], [-0.07, -0.04]),
    ("area", [0.07, 0.09], [0.02, 0.05]), ("article", [-0.24, 0.32], [-0.69, 0.14]),
    ("aside", [-0.02, -0.02], [-0.11, -0.04]), ("authors", [-0.01, -0.01], [-0.39, -0.39]),
    ("bar", [-0.05, -0.04], [-0.2, -0.13]), ("below", [-0.15, -0.05], [-0.17, -0.09]),
    ("best", [0.07, 0.05], [0.38, 0.14]), ("bio", [-0.23, -0.16], [-0.28, -0.2]),
    ("bleed", [-0.01, -0.01], [-0.05, 0.01]), ("block", [-0.11, -0.03], [0.3, 0.2]),
    ("blog", [0.09, 0.04], [-0.01, 0.04]), ("body", [0.11, 0.27], [-0.45, 0.17]),
    ("border", [-0.05, -0.07], [0.18, 0.26]), ("bottom", [-0.08, -0.06], [-0.1, 0.12]),
    ("box", [-0.38, -0.28], [0.13, -0.03]), ("boxed", [0.0, 0.0], [0.14, 0.14]),
    ("btn", [-0.02, -0.01], [-0.02, -0.02]), ("burger", [0.0, 0.0], [-0.01, -0.01]),
    ("button", [-0.04, -0.05], [-0.01, -0.04]), ("buttons", [-0.02, -0.02], [-0.04, -0.03]),
    ("byline", [-0.08, -0.09], [-0.09, -0.1]), ("caption", [-0.2, -0.24], [-0.13, -0.18]),
    ("card", [-0.03, -0.03], [-0.13, -0.02]), ("cards", [-0.01, -0.01], [0.09, 0.05]),
    ("carousel", [-0.06, -0.04], [-0.18, -0.06]), ("category", [-0.09, -0.03], [-0.1, 0.17]),
    ("center", [-0.17, -0.06], [-0.02, -0.02]), ("children", [-0.03, -0.03], [-0.01, 0.0]),
    ("clear", [-0.06, -0.09], [-0.07, -0.11]), ("clearfix", [0.03, -0.03], [0.05, 0.09]),
    ("click", [0.0, 0.0], [-0.12, -0.09]), ("collapse", [-0.01, -0.01], [-0.07, -0.07]),
    ("colophon", [0.0, 0.0], [-0.01, 0.0]), ("comment", [-0.29, -0.17], [-0.44, -0.33]),
    ("comments", [-0.21, -0.15], [-0.38, -0.21]), ("content", [-0.3, 0.07], [0.41, -0.14]),
    ("cookie", [-0.01, 0.0], [-0.08, -0.02]), ("copyright", [0.0, 0.02], [-0.01, 0.01]),
    ("cos", [0.04, 0.05], [0.09, 0.08]), ("count", [-0.01, -0.01], [0.04, 0.03]),
    ("cta", [-0.13, -0.11], [0.01, -0.03]), ("cursor", [-0.01, -0.01], [0.0, 0.0]),
    ("custom", [-0.11, -0.12], [0.02, 0.01]), ("date", [-0.12, -0.1], [-0.13, -0.1]),
    ("depth", [-0.08, -0.07], [-0.25, -0.05]), ("description", [-0.03, 0.02], [0.07, 0.08]),
    ("desktop", [0.18, 0.17], [0.24, 0.15]), ("detail", [0.08, 0.08], [0.12, 0.04]),
    ("dialog", [-0.02, 0.0], [-0.03, 0.01]), ("disclaimer", [-0.11, -0.08], [-0.19, -0.2]),
    ("divide", [0.0, 0.0], [-0.01, -0.01]), ("divider", [-0.01, -0.01], [-0.03, -0.05]),
    ("drawer", [0.0, 0.0], [-0.04, -0.07]), ("drop", [0.05, 0.05], [0.05, 0.04]),
    ("dropdown", [-0.03, -0.05], [-0.1, -0.12]), ("duration", [-0.06, -0.04], [0.01, -0.03]),
    ("dyn", [0.0, 0.0], [-0.21, -0.14]), ("ease", [-0.04, -0.03], [0.08, 0.07]),
    ("editor", [-0.03, -0.05], [0.02, -0.2]), ("end", [-0.03, -0.02], [-0.08, -0.06]),
    ("entry", [-0.18, 0.01], [0.13, 0.04]), ("equal", [0.0, 0.0], [-0.14, -0.05]),
    ("even", [0.07, 0.06], [-0.08, 0.04]), ("expand", [-0.01, 0.0], [-0.02, 0.0]),
    ("expandable", [-0.18, -0.19], [-0.25, -0.26]), ("expanded", [-0.02, -0.03], [0.06, 0.0]),
    ("fade", [-0.02, -0.03], [-0.21, -0.14]), ("family", [-0.01, 0.0], [0.19, 0.19]),
    ("field", [0.0, 0.02], [0.14, 0.1]), ("fixed", [0.0, 0.0], [-0.01, 0.02]),
    ("flex", [-0.15, -0.03], [-0.03, -0.06]), ("flyout", [-0.01, -0.01], [-0.07, -0.07]),
    ("foot", [0.0, 0.0], [-0.04, -0.03]), ("footer", [-0.09, 0.0], [-0.33, 0.02]),
    ("form", [-0.08, -0.03], [-0.16, -0.04]), ("format", [-0.08, -0.05], [-0.01, 0.24]),
    ("gallery", [-0.02, -0.01], [-0.14, -0.12]), ("gray", [-0.29, -0.35], [-0.25, -0.27]),
    ("group", [-0.17, -0.08], [0.04, -0.02]), ("guide", [0.1, 0.07], [0.14, 0.1]),
    ("guides", [0.0, 0.0], [-0.04, -0.07]), ("hamburger", [-0.01, -0.01], [-0.02, -0.03]),
    ("has", [-0.24, -0.15], [-0.01, 0.14]), ("head", [-0.07, -0.06], [-0.05, -0.06]),
    ("header", [-0.05, -0.01], [-0.16, -0.18]), ("headline", [-0.19, -0.15], [-0.2, -0.14]),
    ("height", [-0.01, 0.02], [0.13, 0.15]), ("hentry", [-0.07, -0.02], [0.02, 0.09]),
    ("hidden", [-0.13, -0.07], [0.15, -0.03]), ("hide", [0.01, 0.02], [-0.1, -0.01]),
    ("hover", [0.1, 0.08], [0.07, 0.06]), ("html", [0.02, 0.06], [-0.11, -0.07]),
    ("icon", [0.02, 0.01], [0.16, 0.12]), ("icons", [0.1, 0.09], [0.08, 0.08]),
    ("image", [-0.25, -0.22], [-0.16, -0.14]), ("info", [-0.29, -0.2], [-0.11, -0.15]),
    ("inline", [0.02, 0.03], [-0.03, -0.05]), ("invisible", [-0.03, -0.03], [-0.04, -0.07]),
    ("item", [0.2, 0.15], [-0.11, 0.06]), ("items", [0.0, -0.07], [0.07, 0.0]),
    ("latest", [-0.05, -0.04], [-0.14, -0.13]), ("layer", [0.0, 0.0], [0.02, 0.02]),
    ("layout", [0.11, 0.2], [-0.09, 0.13]), ("leading", [-0.13, -0.19], [0.02, -0.04]),
    ("legal", [-0.01, -0.01], [-0.03, -0.02]), ("level", [0.18, 0.12], [0.1, 0.04]),
    ("light", [-0.02, -0.02], [-0.2, -0.12]), ("link", [0.08, 0.04], [0.01, -0.11]),
    ("links", [-0.09, -0.04], [0.05, 0.08]), ("list", [0.19, 0.15], [-0.24, 0.04]),
    ("listing", [-0.02, -0.01], [0.03, -0.03]), ("logo", [0.0, 0.0], [-0.02, -0.02]),
    ("long", [0.12, 0.07], [0.18, 0.11]), ("main", [-0.1, -0.04], [0.38, -0.24]),
    ("mainmenu", [0.0, 0.0], [0.0, -0.01]), ("management", [-0.01, 0.0], [0.02, 0.05]),
    ("masthead", [0.0, 0.0], [0.14, 0.16]), ("media", [-0.04, -0.03], [0.08, 0.06]),
    ("mega", [0.03, 0.03], [-0.03, -0.02]), ("megamenu", [0.0, 0.0], [-0.03, -0.03]),
    ("menu", [-0.04, -0.07], [-0.16, -0.23]), ("menus", [0.0, 0.0], [-0.01, -0.01]),
    ("message", [-0.03, -0.01], [-0.04, -0.01]), ("meta", [-0.15, -0.09], [-0.16, -0.1]),
    ("mobile", [0.08, 0.11], [-0.37, -0.27]), ("modal", [-0.06, -0.03], [-0.32, -0.13]),
    ("more", [0.02, 0.02], [0.05, 0.07]), ("most", [0.0, 0.0], [0.03, 0.06]),
    ("multi", [-0.1, -0.07], [-0.12, -0.08]), ("narrow", [0.02, 0.02], [-0.03, -0.06]),
    ("nav", [-0.07, -0.1], [-0.23, -0.28]), ("navbar", [0.0, 0.0], [-0.02, -0.04]),
    ("navi", [0.01, 0.01], [0.01, 0.01]), ("navigation", [-0.07, -0.08], [-0.15, -0.19]),
    ("nocontent", [-0.02, -0.03], [-0.04, -0.03]), ("node", [0.03, 0.03], [-0.01, -0.04]),
    ("not", [0.04, 0.01], [-0.06, -0.05]), ("nowrap", [-0.02, -0.01], [0.02, 0.03]),
    ("object", [-0.05, -0.06], [-0.07, -0.08]), ("odd", [-0.01, -0.04], [-0.18, -0.1]),
    ("offcanvas", [0.0, 0.0], [-0.06, -0.03]), ("offset", [0.06, 0.05], [0.03, 0.01]),
    ("one", [0.02, 0.0], [-0.02, 0.06]), ("only", [-0.03, 0.01], [0.07, 0.1]),
    ("opacity", [-0.03, -0.01], [-0.07, -0.07]), ("open", [0.0, 0.0], [-0.03, -0.06]),
    ("out", [-0.05, -0.03], [0.1, 0.08]), ("outline", [-0.04, -0.04], [-0.03, -0.03]),
    ("overlay", [-0.02, -0.01], [-0.08, -0.08]), ("page", [0.09, 0.04], [-0.18, 0.23]),
    ("pane", [-0.02, -0.02], [-0.01, 0.03]), ("panel", [-0.11, -0.12], [0.07, -0.05]),
    ("paragraph", [0.03, 0.11], [0.12, 0.19]), ("part", [0.0, 0.0], [-0.02, 0.04]),
    ("paywall", [-0.02, -0.01], [0.17, 0.16]), ("pointer", [-0.04, -0.02], [0.01, 0.0]),
    ("popular", [0.06, 0.04], [0.16, 0.16]), ("populated", [0.0, 0.0], [0.09, -0.03]),
    ("popup", [-0.02, -0.02], [0.08, 0.03]), ("post", [-0.26, 0.03], [-0.15, 0.07]),
    ("posts", [-0.1, -0.07], [-0.27, -0.03]), ("preview", [0.04, 0.05], [-0.05, -0.04]),
    ("print", [0.01, 0.01], [0.04, 0.0]), ("privacy", [-0.05, -0.02], [-0.1, -0.08]),
    ("promo", [-0.01, -0.01], [-0.06, -0.03]), ("prose", [0.09, 0.12], [0.25, 0.22]),
    ("publish", [-0.08, -0.03], [-0.02, 0.04]), ("recent", [0.0, 0.0], [0.07, 0.09]),
    ("related", [-0.09, -0.05], [-0.33, -0.11]), ("rich", [0.27, 0.27], [0.12, 0.07]),
    ("richtext", [-0.04, -0.09], [0.0, -0.06]), ("right", [0.05, 0.02], [-0.08, 0.15]),
    ("rounded", [-0.04, -0.08], [-0.02, -0.08]), ("rte", [0.01, 0.05], [0.05, 0.09]),
    ("scrollbar", [0.0, 0.0], [0.06, 0.05]), ("second", [0.0, 0.0], [-0.34, -0.28]),
    ("secondary", [-0.04, -0.04], [-0.14, -0.06]), ("section", [0.05, 0.05], [0.12, 0.09]),
    ("select", [-0.01, 0.0], [-0.02, -0.01]), ("serif", [0.11, 0.1], [0.08, 0.07]),
    ("settings", [0.0, 0.0], [-0.04, 0.01]), ("shadow", [-0.1, -0.06], [0.11, 0.11]),
    ("shrink", [-0.01, -0.02], [-0.01, -0.02]), ("sidebar", [0.01, 0.07], [-0.16, 0.07]),
    ("single", [-0.06, -0.01], [0.02, 0.17]), ("sitemap", [0.0, 0.0], [-0.02, -0.02]),
    ("slide", [0.27, 0.26], [0.08, 0.22]), ("slider", [0.13, 0.14], [0.16, 0.06]),
    ("small", [-0.51, -0.29], [-0.32, -0.05]), ("social", [-0.13, -0.12], [-0.08, -0.11]),
    ("solid", [0.1, 0.05], [0.04, -0.01]), ("spacing", [0.03, 0.03], [0.07, 0.07]),
    ("span", [-0.08, -0.05], [0.14, 0.13]), ("span4", [0.0, 0.0], [-0.07, -0.01]),
    ("sqs", [-0.02, 0.03], [-0.01, 0.05]), ("standard", [-0.02, 0.0], [-0.22, 0.04]),
    ("status", [-0.06, -0.01], [0.0, 0.06]), ("sticky", [-0.03, -0.02], [-0.12, -0.1]),
    ("stories", [-0.01, -0.01], [-0.02, 0.02]), ("story", [0.17, 0.13], [-0.22, 0.01]),
    ("stretch", [0.0, 0.0], [-0.04, -0.01]), ("style", [0.0, -0.02], [0.38, 0.24]),
    ("styles", [0.07, 0.06], [0.15, 0.08]), ("sub", [-0.05, -0.05], [-0.08, -0.11]),
    ("submenu", [-0.01, -0.02], [-0.05, -0.05]), ("subnav", [0.01, 0.0], [-0.16, -0.16]),
    ("subscribe", [-0.04, -0.04], [-0.06, -0.05]), ("summary", [0.04, 0.03], [0.04, 0.02]),
    ("system", [0.01, 0.01], [0.25, 0.15]), ("tab", [-0.01, -0.03], [-0.13, -0.06]),
    ("table", [0.01, 0.0], [0.21, -0.05]), ("tablet", [-0.01, 0.0], [-0.03, -0.08]),
    ("tabs", [0.0, 0.0], [0.0, -0.02]), ("tag", [-0.06, -0.05], [-0.07, 0.08]),
    ("taxonomy", [-0.03, -0.03], [-0.06, -0.06]), ("teaser", [0.07, 0.04], [0.02, 0.0]),
    ("tertiary", [-0.03, -0.03], [-0.04, -0.04]), ("text", [-0.17, -0.03], [0.25, 0.1]),
    ("textwidget", [-0.07, -0.03], [-0.11, -0.05]), ("the", [0.1, 0.06], [0.16, 0.1]),
    ("theme", [0.16, 0.14], [-0.32, -0.32]), ("third", [0.0, 0.0], [-0.1, -0.07]),
    ("thread", [-0.01, 0.0], [-0.22, -0.04]), ("thumbnail", [-0.06, -0.02], [-0.18, -0.03]),
    ("tips", [0.02, 0.01], [0.07, 0.07]), ("title", [-0.03, 0.08], [-0.17, -0.01]),
    ("toggle", [0.03, 0.03], [0.03, 0.03]), ("top", [-0.13, -0.12], [-0.06, -0.04]),
    ("topnav", [0.0, 0.0], [-0.01, -0.01]), ("track", [-0.02, -0.03], [-0.05, -0.05]),
    ("transition", [-0.06, -0.04], [-0.09, -0.1]), ("translate", [0.0, 0.0], [-0.05, -0.04]),
    ("trending", [0.0, 0.0], [0.08, 0.08]), ("type", [-0.1, -0.06], [-0.09, -0.03]),
    ("undefined", [-0.13, -0.13], [-0.2, -0.22]), ("unstyled", [-0.14, -0.15], [-0.28, -0.22]),
    ("upper", [0.0, 0.0], [-0.01, -0.01]), ("uppercase", [-0.03, -0.03], [-0.04, -0.03]),
    ("visibility", [-0.01, -0.01], [-0.02, -0.01]), ("well", [-0.02, -0.02], [0.01, -0.04]),
    ("widget", [0.14, -0.03], [0.32, 0.26]), ("words", [0.03, 0.03], [0.04, 0.04]),
    ("wysiwyg", [0.08, 0.06], [0.15, 0.13]), ("yui", [0.0, 0.0], [0.02, 0.06]),
];
