//! Parquet with types that analysts expect: timestamps, lists of names, a map of origins.
//!
//! Rows are gathered by column until a row group is full; that is what is in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use chrono::DateTime;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::fields::{Fields, Name, Value, list};
use super::{ArticleWriter, ExportError, OutputSink};
use crate::store::ArticleRef;

/// Bytes of a row group before compression.
const GROUP: usize = 12 << 20;

/// Bytes of a page before compression, and values between two looks at that: it is compressed in the processor's cache.
const PAGE: usize = 1 << 18;
const LOOK: usize = 32;

/// A Parquet file.
pub(crate) struct Parquet {
    file: SerializedFileWriter<OutputSink>,
    columns: Vec<(Name, Column)>,
    bytes: usize,
}

/// Values of a column that wait for their row group. `defined` and `repeated` are the levels of Dremel: how much of the
/// path is there, and at which level a list goes on.
#[derive(Default)]
struct Column {
    numbers: Vec<i64>,
    texts: Texts,
    /// The second texts of a map.
    values: Texts,
    defined: Vec<i16>,
    repeated: Vec<i16>,
}

/// Texts one after another in one buffer.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Parquet {
    /// Begins one.
    pub(crate) fn new(fields: &Fields, out: OutputSink) -> Result<Self, ExportError> {
        let lines: String = fields.0.iter().map(|name| declared(*name)).collect();
        let schema = parse_message_type(&format!("message article {{ {lines} }}")).map_err(failed)?;
        let level = ZstdLevel::try_new(1).map_err(failed)?;
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_data_page_size_limit(PAGE)
            .set_write_batch_size(LOOK)
            .set_created_by("cuttings".to_owned());
        for name in fields.0.iter().filter(|name| is_long(**name)) {
            let path = ColumnPath::from(name.as_str());
            // Every text is different: a dictionary of them is work for nothing, and so are their extremes.
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path, EnabledStatistics::None);
        }
        let file =
            SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties.build())).map_err(failed)?;
        Ok(Self {
            file,
            columns: fields.0.iter().map(|name| (*name, Column::default())).collect(),
            bytes: 0,
        })
    }

    fn write_group(&mut self) -> Result<(), ExportError> {
        let mut group = self.file.next_row_group().map_err(failed)?;
        for (name, column) in &mut self.columns {
            for half in 0..halves(*name) {
                if let Some(writer) = group.next_column().map_err(failed)? {
                    column.write(*name, half, writer).map_err(failed)?;
                }
            }
            column.numbers.clear();
            column.defined.clear();
            column.repeated.clear();
        }
        group.close().map_err(failed)?;
        self.bytes = 0;
        Ok(())
    }
}

impl ArticleWriter for Parquet {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        for (name, column) in &mut self.columns {
            self.bytes += column.add(name.of(article));
        }
        if self.bytes >= GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if self.bytes > 0 {
            self.write_group()?;
        }
        self.file.into_inner().map_err(failed)?.finish()
    }
}

impl Column {
    /// Adds a row; gives its bytes.
    fn add(&mut self, value: Value<'_>) -> usize {
        match value {
            Value::Number(number) => self.numbers.push(number),
            Value::Count(number) => {
                self.defined.push(i16::from(number.is_some()));
                self.numbers.extend(number);
            }
            Value::Text(text) => {
                self.defined.push(i16::from(text.is_some()));
                if let Some(text) = text {
                    self.texts.push(text);
                    return text.len() + 8;
                }
            }
            Value::Json(json) => {
                self.defined.push(1);
                self.texts.push(json);
                return json.len() + 8;
            }
            Value::Time(time) => {
                let at = time.and_then(|time| DateTime::parse_from_rfc3339(time).ok());
                self.defined.push(i16::from(at.is_some()));
                self.numbers.extend(at.map(|at| at.timestamp_millis()));
            }
            Value::List(json) => {
                let items = list(json);
                for (at, item) in items.iter().enumerate() {
                    self.texts.push(item);
                    self.defined.push(1);
                    self.repeated.push(i16::from(at > 0));
                }
                self.empty_if(items.is_empty());
            }
            Value::Map(json) => {
                let map: BTreeMap<String, String> = serde_json::from_str(json).unwrap_or_default();
                for (at, (key, value)) in map.iter().enumerate() {
                    self.texts.push(key);
                    self.values.push(value);
                    self.defined.push(1);
                    self.repeated.push(i16::from(at > 0));
                }
                self.empty_if(map.is_empty());
            }
        }
        16
    }

    fn empty_if(&mut self, is_empty: bool) {
        if is_empty {
            self.defined.push(0);
            self.repeated.push(0);
        }
    }

    /// Writes a column of the file.
    fn write(
        &mut self,
        name: Name,
        half: usize,
        mut writer: SerializedColumnWriter<'_>,
    ) -> Result<(), ParquetError> {
        let defined = Some(&self.defined[..]).filter(|levels| !levels.is_empty());
        let repeated = Some(&self.repeated[..]).filter(|levels| !levels.is_empty());
        match kind_of(name) {
            Kind::Number | Kind::Count | Kind::Time => {
                writer
                    .typed::<Int64Type>()
                    .write_batch(&self.numbers, defined, repeated)?;
                writer.close()
            }
            Kind::Text | Kind::List | Kind::Map => {
                let texts = if half == 0 {
                    &mut self.texts
                } else {
                    &mut self.values
                };
                texts.lent(|texts| {
                    writer
                        .typed::<ByteArrayType>()
                        .write_batch(texts, defined, repeated)?;
                    writer.close()
                })
            }
        }
    }
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// Lends the texts, not copied, to `with`, and is empty after that, with its memory for the next ones.
    fn lent<T>(&mut self, with: impl FnOnce(&[ByteArray]) -> T) -> T {
        let all = Bytes::from(std::mem::take(&mut self.bytes));
        let mut begin = 0;
        let arrays: Vec<ByteArray> = self
            .ends
            .drain(..)
            .map(|end| ByteArray::from(all.slice(std::mem::replace(&mut begin, end)..end)))
            .collect();
        let result = with(&arrays);
        drop(arrays);
        self.bytes = Vec::from(all);
        self.bytes.clear();
        result
    }
}

/// What a field is in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Count,
    Text,
    Time,
    List,
    Map,
}

fn kind_of(name: Name) -> Kind {
    match name {
        Name::Seq | Name::Id | Name::Cluster => Kind::Number,
        Name::ImageWidth | Name::ImageHeight => Kind::Count,
        Name::PublishedAt | Name::FirstSeen | Name::FetchedAt => Kind::Time,
        Name::Authors | Name::Tags => Kind::List,
        Name::Origins => Kind::Map,
        _ => Kind::Text,
    }
}

/// Columns of the file that a field makes: a map makes two.
fn halves(name: Name) -> usize {
    if kind_of(name) == Kind::Map { 2 } else { 1 }
}

fn is_long(name: Name) -> bool {
    matches!(
        name,
        Name::Text | Name::Html | Name::Title | Name::Standfirst | Name::Url
    )
}

/// A field as a Parquet schema declares it.
fn declared(name: Name) -> String {
    let text = name.as_str();
    match kind_of(name) {
        Kind::Number => format!("REQUIRED INT64 {text};"),
        Kind::Count => format!("OPTIONAL INT64 {text};"),
        Kind::Text => format!("OPTIONAL BYTE_ARRAY {text} (STRING);"),
        Kind::Time => format!("OPTIONAL INT64 {text} (TIMESTAMP(MILLIS,true));"),
        Kind::List => {
            format!(
                "REQUIRED GROUP {text} (LIST) {{ REPEATED GROUP list {{ REQUIRED BYTE_ARRAY element (STRING); }} }}"
            )
        }
        Kind::Map => format!(
            "REQUIRED GROUP {text} (MAP) {{ REPEATED GROUP key_value {{ REQUIRED BYTE_ARRAY key (STRING); REQUIRED BYTE_ARRAY value (STRING); }} }}"
        ),
    }
}

fn failed(error: ParquetError) -> ExportError {
    match error {
        // A full disk is told as what it is.
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => ExportError::Write(*error),
            Err(cause) => ExportError::Write(io::Error::other(cause)),
        },
        other => ExportError::Write(io::Error::other(other)),
    }
}
