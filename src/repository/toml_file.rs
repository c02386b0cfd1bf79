//! TOML files of a project, read leniently: what is not there or of another type is `None`.

use super::{Lookup, Tree};
use camino::Utf8Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Gives the table of a TOML file to `look`; `None` when the file is not there, not known or not TOML.
pub(super) fn with_toml<T>(
    tree: &dyn Tree,
    path: &Utf8Path,
    look: impl FnOnce(&DeTable<'_>) -> Option<T>,
) -> Option<T> {
    let Lookup::Found(text) = tree.read(path) else { return None };
    with_text(&text, look)
}

/// As [`with_toml`], of a text.
pub(super) fn with_text<T>(text: &str, look: impl FnOnce(&DeTable<'_>) -> Option<T>) -> Option<T> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    look(DeTable::parse(text).ok()?.get_ref())
}

/// The value that a path of keys leads to.
pub(super) fn at<'t, 'i>(table: &'t DeTable<'i>, keys: &[&str]) -> Option<&'t DeValue<'i>> {
    let (last, before) = keys.split_last()?;
    let mut table = table;
    for key in before {
        table = table.get(*key)?.get_ref().as_table()?;
    }
    table.get(*last).map(Spanned::get_ref)
}

/// The text that a path of keys leads to.
pub(super) fn text_at<'t>(table: &'t DeTable<'_>, keys: &[&str]) -> Option<&'t str> {
    at(table, keys)?.as_str()
}

/// The table that a path of keys leads to.
pub(super) fn table_at<'t, 'i>(table: &'t DeTable<'i>, keys: &[&str]) -> Option<&'t DeTable<'i>> {
    at(table, keys)?.as_table()
}

/// The texts of an array that a path of keys leads to.
pub(super) fn texts_at<'t, 'i>(
    table: &'t DeTable<'i>,
    keys: &[&str],
) -> impl Iterator<Item = &'t str> + use<'t, 'i> {
    let array = at(table, keys).and_then(DeValue::as_array);
    array.into_iter().flat_map(|array| array.iter()).filter_map(|value| value.get_ref().as_str())
}

/// The tables of an array that a key leads to: `[[package]]`.
pub(super) fn tables_at<'t, 'i>(
    table: &'t DeTable<'i>,
    key: &str,
) -> impl Iterator<Item = &'t DeTable<'i>> + use<'t, 'i> {
    let array = table.get(key).and_then(|value| value.get_ref().as_array());
    array.into_iter().flat_map(|array| array.iter()).filter_map(|value| value.get_ref().as_table())
}
