//! Names of SVG elements and attributes in their proper case, which the tokenizer does not keep (WHATWG HTML, 13.2.6.5
//! and 13.2.6.1, "adjust SVG attributes" and "adjust foreign attributes").

/// A list of names as strings.
macro_rules! names {
    ($($name:ident)*) => { &[$(stringify!($name)),*] };
}

/// Whether an SVG element is an HTML integration point: HTML is allowed in it.
pub(super) fn is_integration_point(name: &str) -> bool {
    matches!(name, "foreignObject" | "desc" | "title")
}

/// Names of elements with capital letters.
const ELEMENTS: &[&str] = names! {
    altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath feBlend feColorMatrix
    feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow
    feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset
    fePointLight feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef linearGradient
    radialGradient textPath
};

/// The proper name of an element of SVG, if it has capitals.
pub(super) fn adjusted_element(name: &str) -> Option<&'static str> {
    in_proper_case(ELEMENTS, name)
}

/// The name in a list that is equal except for case.
fn in_proper_case(names: &[&'static str], name: &str) -> Option<&'static str> {
    names.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

/// Names of attributes with capital letters, but for two below.
const ATTRIBUTES: &[&str] = names! {
    attributeName attributeType baseFrequency baseProfile calcMode clipPathUnits diffuseConstant edgeMode
    filterUnits glyphRef gradientTransform gradientUnits kernelMatrix kernelUnitLength keyPoints keySplines keyTimes
    lengthAdjust limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits numOctaves
    pathLength patternContentUnits patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha
    preserveAspectRatio primitiveUnits refX refY repeatCount repeatDur requiredExtensions requiredFeatures
    specularConstant specularExponent spreadMethod startOffset stdDeviation stitchTiles surfaceScale systemLanguage
    tableValues targetX targetY textLength viewBox viewTarget xChannelSelector
};

/// The proper name of an attribute of SVG if it differs, and whether the attribute is in a namespace of its own; then
/// the name is without its prefix.
pub(super) fn adjusted_attribute(name: &str) -> (Option<&'static str>, bool) {
    let local = match name {
        "xlink:actuate" => "actuate",
        "xlink:arcrole" => "arcrole",
        "xlink:href" => "href",
        "xlink:role" => "role",
        "xlink:show" => "show",
        "xlink:title" => "title",
        "xlink:type" => "type",
        "xml:lang" => "lang",
        "xml:space" => "space",
        "xmlns" => "xmlns",
        "xmlns:xlink" => "xlink",
        "ychannelselector" => return (Some("yChannelSelector"), false),
        "zoomandpan" => return (Some("zoomAndPan"), false),
        _ => return (in_proper_case(ATTRIBUTES, name), false),
    };
    (Some(local), true)
}
