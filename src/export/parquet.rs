//! Parquet with the types that analysts expect: timestamps in milliseconds, lists of names, a map of origins.
//!
//! Rows are gathered by column until a row group is full: that is what is in memory. Lists and maps are written as the
//! levels of Dremel (format specification of Apache Parquet, "Nested encoding").

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use chrono::DateTime;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::destination::OutputSink;
use super::fields::{ExportField, FieldKind, FieldValue, list};
use super::{ArticleWriter, ExportError, WriterOptions};
use crate::store::ArticleRef;

/// Bytes of a row group before compression.
const ROW_GROUP: usize = 12 << 20;

/// Bytes of a data page before compression: small enough to be compressed in the processor's cache.
const DATA_PAGE: usize = 1 << 18;

/// Values that are written between two looks at the size of the page.
const WRITE_BATCH: usize = 32;

/// Writes a Parquet file.
pub(super) struct ParquetWriter {
    file: SerializedFileWriter<OutputSink>,
    columns: Vec<ColumnBuffer>,
    /// Bytes in `columns`, about.
    bytes: usize,
}

/// Values of a field that wait for their row group.
struct ColumnBuffer {
    field: &'static ExportField,
    numbers: Vec<i64>,
    flags: Vec<bool>,
    texts: Vec<ByteArray>,
    /// The values of a map; `texts` holds its keys.
    map_values: Vec<ByteArray>,
    /// Definition levels: 0 for a missing value or an empty list, else 1. Empty for required numbers.
    defined: Vec<i16>,
    /// Repetition levels: 1 for an item that is not the first of its list. Empty for single values.
    repeated: Vec<i16>,
}

impl ParquetWriter {
    /// Begins a file with the schema of the chosen fields.
    pub(super) fn new(options: WriterOptions) -> Result<Self, ExportError> {
        let fields = options.fields.0;
        let declarations: String = fields.iter().map(|field| declaration(field)).collect();
        let schema = parse_message_type(&format!("message article {{ {declarations} }}")).map_err(failed)?;
        let level = ZstdLevel::try_new(1).map_err(failed)?;
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_data_page_size_limit(DATA_PAGE)
            .set_write_batch_size(WRITE_BATCH)
            .set_created_by("cuttings".to_owned());
        for field in fields.iter().filter(|field| field.kind == FieldKind::LongText) {
            let path = ColumnPath::from(field.name);
            // Every value is different: a dictionary and statistics would cost time and gain nothing.
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path, EnabledStatistics::None);
        }
        let properties = Arc::new(properties.build());
        let file = SerializedFileWriter::new(options.sink, Arc::new(schema), properties).map_err(failed)?;
        Ok(Self { file, columns: fields.into_iter().map(ColumnBuffer::new).collect(), bytes: 0 })
    }

    /// Writes what is gathered, column by column in the order of the schema.
    fn write_row_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for column in &mut self.columns {
            if let Some(writer) = group.next_column()? {
                column.write(false, writer)?;
            }
            if column.field.kind == FieldKind::Map
                && let Some(writer) = group.next_column()?
            {
                column.write(true, writer)?;
            }
            *column = ColumnBuffer::new(column.field);
        }
        group.close()?;
        self.bytes = 0;
        Ok(())
    }
}

impl ArticleWriter for ParquetWriter {
    fn article(&mut self, article: &ArticleRef<'_>) -> Result<(), ExportError> {
        for column in &mut self.columns {
            self.bytes += column.push((column.field.value)(article));
        }
        if self.bytes >= ROW_GROUP {
            self.write_row_group().map_err(failed)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if self.bytes > 0 {
            self.write_row_group().map_err(failed)?;
        }
        self.file.into_inner().map_err(failed)?.finish()
    }
}

impl ColumnBuffer {
    fn new(field: &'static ExportField) -> Self {
        Self {
            field,
            numbers: Vec::new(),
            flags: Vec::new(),
            texts: Vec::new(),
            map_values: Vec::new(),
            defined: Vec::new(),
            repeated: Vec::new(),
        }
    }

    /// Adds the value of a row; returns about how many bytes it takes.
    fn push(&mut self, value: FieldValue<'_>) -> usize {
        match (self.field.kind, value) {
            (FieldKind::List, FieldValue::Json(json)) => {
                let items = list(json);
                self.push_levels(items.len());
                self.texts.extend(items.iter().map(|item| ByteArray::from(item.as_str())));
                16 + json.len()
            }
            (FieldKind::Map, FieldValue::Json(json)) => {
                let map: BTreeMap<String, String> = serde_json::from_str(json).unwrap_or_default();
                self.push_levels(map.len());
                for (key, value) in &map {
                    self.texts.push(ByteArray::from(key.as_str()));
                    self.map_values.push(ByteArray::from(value.as_str()));
                }
                16 + json.len()
            }
            (FieldKind::Time, FieldValue::Text(text)) => {
                let at = text.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
                self.defined.push(i16::from(at.is_some()));
                self.numbers.extend(at.map(|at| at.timestamp_millis()));
                16
            }
            (kind, FieldValue::Number(number)) => {
                if kind != FieldKind::Number {
                    self.defined.push(i16::from(number.is_some()));
                }
                self.numbers.extend(number);
                16
            }
            (_, FieldValue::Flag(flag)) => {
                self.flags.push(flag);
                1
            }
            (_, FieldValue::Text(text)) => self.push_text(text),
            (_, FieldValue::Json(json)) => self.push_text(Some(json)),
        }
    }

    /// Adds a text; returns about how many bytes it takes.
    fn push_text(&mut self, text: Option<&str>) -> usize {
        self.defined.push(i16::from(text.is_some()));
        self.texts.extend(text.map(ByteArray::from));
        16 + text.map_or(0, str::len)
    }

    /// The levels of a list or map of so many items.
    fn push_levels(&mut self, items: usize) {
        self.defined.extend((0..items.max(1)).map(|_| i16::from(items > 0)));
        self.repeated.extend((0..items.max(1)).map(|at| i16::from(at > 0)));
    }

    /// Writes one column of the file; a map has two, the second one with `is_map_value`.
    fn write(&self, is_map_value: bool, mut writer: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let defined = Some(&self.defined[..]).filter(|levels| !levels.is_empty());
        let repeated = Some(&self.repeated[..]).filter(|levels| !levels.is_empty());
        match self.field.kind {
            FieldKind::Number | FieldKind::Count | FieldKind::Time => {
                let writer = writer.typed::<Int64Type>();
                writer.write_batch(&self.numbers, defined, repeated)?;
            }
            FieldKind::Flag => {
                writer.typed::<BoolType>().write_batch(&self.flags, defined, repeated)?;
            }
            _ => {
                let texts = if is_map_value { &self.map_values } else { &self.texts };
                let writer = writer.typed::<ByteArrayType>();
                writer.write_batch(texts, defined, repeated)?;
            }
        }
        writer.close()
    }
}

/// A field in the language of Parquet schemas.
fn declaration(field: &ExportField) -> String {
    let name = field.name;
    match field.kind {
        FieldKind::Number => format!("REQUIRED INT64 {name};"),
        FieldKind::Flag => format!("REQUIRED BOOLEAN {name};"),
        FieldKind::Count => format!("OPTIONAL INT64 {name};"),
        FieldKind::Text | FieldKind::LongText | FieldKind::Json => {
            format!("OPTIONAL BYTE_ARRAY {name} (STRING);")
        }
        FieldKind::Time => format!("OPTIONAL INT64 {name} (TIMESTAMP(MILLIS,true));"),
        FieldKind::List => format!(
            "REQUIRED GROUP {name} (LIST) {{ REPEATED GROUP list {{ REQUIRED BYTE_ARRAY element (STRING); }} }}"
        ),
        FieldKind::Map => format!(
            "REQUIRED GROUP {name} (MAP) {{ REPEATED GROUP key_value {{ REQUIRED BYTE_ARRAY key (STRING); REQUIRED BYTE_ARRAY value (STRING); }} }}"
        ),
    }
}

/// An error of the disk, such as a full one, keeps its kind.
fn failed(error: ParquetError) -> ExportError {
    ExportError::Write(match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(cause) => io::Error::other(cause),
        },
        other => io::Error::other(other),
    })
}
