//! What is found about identity, in words that `cuttings explain` prints.

use super::words::words;

words! {
    /// Why two pages are one article, or are not.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum PairVerdict {
        /// Joined: a person said so.
        Decision = "decision",
        /// Joined: a key that both have.
        Key = "key",
        /// Joined: each says that it is a copy of the other, and their texts are alike.
        Claims = "claims",
        /// Not joined: a person said so.
        Parted = "parted",
        /// Not joined: the other article was deleted.
        Deleted = "deleted",
        /// Not joined: one is the link of an entry, which led to another page.
        Address = "address",
        /// Not joined: a text is too short to be compared, and the titles are not the same.
        TooShort = "too-short",
        /// Not joined: they are of different sites.
        OtherSite = "other-site",
        /// Not joined: nothing proves that the key is a page's.
        NoProof = "no-proof",
        /// Not joined: pages with different titles and texts have the key.
        SharedKey = "shared-key",
    }
}

impl PairVerdict {
    /// Whether the pages are joined.
    pub fn joins(self) -> bool {
        matches!(self, Self::Decision | Self::Key | Self::Claims)
    }
}

words! {
    /// Whether an entry with a link would be known, and why.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum LinkVerdict {
        /// Known: we asked for it.
        Known = "known",
        /// Known, and never stored again: its article was deleted on request.
        TakenDown = "taken-down",
        /// Known to the sources that had its article, which they kept no longer. New for others.
        Expired = "expired",
        /// Asked again: it led to different articles.
        Ambiguous = "ambiguous",
        /// Asked for: pages of several articles have it.
        SharedKey = "shared-key",
        /// Asked for: a page says that it is its own.
        Claimed = "claimed",
        /// Asked for: a page of another site says that it is a copy of it.
        ForeignClaim = "foreign-claim",
        /// Asked for: a feed links to it, nobody has asked yet.
        Linked = "linked",
        /// Asked for: nothing is known of it.
        Unknown = "unknown",
        /// It names no article: a front page, a login page or a consent wall.
        NoKey = "no-key",
    }
}

impl LinkVerdict {
    /// Whether an entry with the link needs no request, whatever its source.
    pub fn is_known(self) -> bool {
        matches!(self, Self::Known | Self::TakenDown)
    }
}
