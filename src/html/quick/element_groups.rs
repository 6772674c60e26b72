//! Groups of HTML elements that rules of tree construction have in common (WHATWG HTML, 13.2.4.2 and 13.2.6).

use super::super::tag::{TagSet, tag_set};

/// The "special" category. Its elements of SVG and MathML are left out: no rule here meets them.
pub(super) const SPECIAL: TagSet = tag_set! {
    Address Applet Area Article Aside Base Basefont Bgsound Blockquote Body Br Button Caption Center Col Colgroup Dd
    Details Dir Div Dl Dt Embed Fieldset Figcaption Figure Footer Form Frame Frameset H1 H2 H3 H4 H5 H6 Head Header
    Hgroup Hr Html Iframe Img Input Isindex Li Link Listing Main Marquee Menu Meta Nav Noembed Noframes Noscript
    Object Ol P Param Plaintext Pre Script Section Select Source Style Summary Table Tbody Td Template Textarea
    Tfoot Th Thead Title Tr Track Ul Wbr Xmp
};

/// Start tags that the body handles by the rules of "in head".
pub(super) const METADATA: TagSet = tag_set! {
    Base Basefont Bgsound Link Meta Noframes Script Style Template Title
};

/// Blocks without a rule of their own: the start tag closes a paragraph, the end tag closes what is open inside.
pub(super) const PLAIN_BLOCKS: TagSet = tag_set! {
    Address Article Aside Blockquote Center Details Dialog Dir Div Dl Fieldset Figcaption Figure Footer Header
    Hgroup Main Menu Nav Ol Search Section Summary Ul
};

/// Elements with an implied end tag (13.2.6.3).
pub(super) const IMPLIED_END: TagSet = tag_set! {
    Dd Dt Li Option Optgroup P Rb Rp Rt Rtc
};

/// Parts of a table, which are ignored outside of one.
pub(super) const TABLE_PARTS: TagSet = tag_set! {
    Caption Col Colgroup Tbody Td Tfoot Th Thead Tr
};

/// Start tags that end SVG content (13.2.6.5).
pub(super) const END_FOREIGN_CONTENT: TagSet = tag_set! {
    B Big Blockquote Body Br Center Code Dd Div Dl Dt Em Embed H1 H2 H3 H4 H5 H6 Head Hr I Img Li Listing Menu Meta
    Nobr Ol P Pre Ruby S Small Span Strong Strike Sub Sup Table Tt U Ul Var
};
