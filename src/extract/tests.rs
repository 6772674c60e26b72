//! Pages of our own, cut out by rule and without.
