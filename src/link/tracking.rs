//! Tracking parameters: they say where a reader comes from and choose no page, so link keys leave them out.

/// Parameters that are tracking whatever their value.
const TRACKING: &[&str] = &[
    "_ga", "_gl", "_hsenc", "_hsmi", "_openstat", "cmpid", "dclid", "dicbo", "fb_action_ids",
    "fb_action_types", "fb_ref", "fb_source", "fbclid", "ftag", "gbraid", "gclid", "gclsrc", "icid", "igsh",
    "igshid", "mc_cid", "mc_eid", "mkt_tok", "msclkid", "ncid", "ns_campaign", "ns_fee", "ns_linkname",
    "ns_mchannel", "ns_source", "ocid", "oly_anon_id", "oly_enc_id", "rb_clickid", "s_cid", "scid", "smid",
    "spm", "sr_share", "srsltid", "taid", "tduid", "trk", "ttclid", "twclid", "vero_id", "wbraid",
    "wickedid", "wt_mc", "wt_zmc", "xtor", "yclid", "ysclid",
];

/// Prefixes of the names of such parameters.
const TRACKING_PREFIXES: &[&str] =
    &["utm_", "at_", "hsa_", "mtm_", "pk_", "piwik_", "matomo_", "stm_", "ga_", "__twitter"];

/// Parameters that are tracking only with these values; with others the same names choose a page.
const TRACKING_PAIRS: &[(&str, &str)] = &[
    ("ref", "rss"),
    ("ref", "feed"),
    ("ref", "atom"),
    ("source", "rss"),
    ("src", "rss"),
    ("from", "rss"),
    ("cmp", "rss"),
    ("partner", "rss"),
    ("emc", "rss"),
    ("feature", "rss"),
    ("via", "rss"),
    ("rss", "1"),
    ("rss", "yes"),
    ("output", "rss"),
    ("feedtype", "rss"),
    ("feedname", "rss"),
    ("sref", "rss"),
    ("outputtype", "amp"),
];

/// Whether a `name=value` pair of a query is tracking; case is ignored.
pub(super) fn is_tracking(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    TRACKING.contains(&name.as_str())
        || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || TRACKING_PAIRS.contains(&(name.as_str(), value.as_str()))
}

/// The name of a `name=value` pair.
pub(super) fn parameter_name(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}
