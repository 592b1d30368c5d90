use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::{
    format::{
        encoder,
        fixture::{Row, block, columns, definition, encode, encode_with, one, plan, rytask, section},
    },
    product::TimestampStyle,
};

const FPUTCSV: Encoding =
    Encoding { timestamp: TimestampStyle::Seconds, csv_quote: CsvQuote::Fputcsv, json: JsonStyle::Php };

/// One column's values in this encoding, without the header.
fn lines(encoding: Encoding, kind: ColumnType, cells: &[Option<&[u8]>]) -> String {
    let columns = columns(&[("v", kind)]);
    let rows: Vec<Row<'_>> = cells.iter().map(|cell| vec![*cell]).collect();
    let mut definition = definition(vec![section("rows")]);
    definition.encoding = encoding;
    let (out, _) = encode(plan(definition, Format::Csv), &[(&columns, &rows)]).unwrap();
    String::from_utf8(out).unwrap().strip_prefix("v\n").unwrap().to_owned()
}

fn minimal(text: &str) -> String {
    lines(rytask().encoding, ColumnType::Text, &[Some(text.as_bytes())])
}

fn fputcsv(text: &str) -> String {
    lines(FPUTCSV, ColumnType::Text, &[Some(text.as_bytes())])
}

fn entity(name: &str) -> ArchivePlan {
    let definition = rytask();
    let sections = definition.sections_of(Format::Csv, Some(name)).unwrap();
    ArchivePlan { sections, ..plan(definition, Format::Csv) }
}

/// The header of a RyTask entity without rows, whose rows query gives the definition's columns.
fn empty(name: &str) -> String {
    let plan = entity(name);
    let index = plan.sections[0];
    let columns: Vec<Column> = plan.definition.sections[index]
        .csv
        .iter()
        .rev()
        .map(|(_, column)| Column { name: column.clone(), kind: ColumnType::Text })
        .collect();
    let mut encoder = encoder(Arc::new(plan), Cursor::new(Vec::new())).unwrap();
    encoder.begin(index, &columns).unwrap();
    encoder.end().unwrap();
    String::from_utf8(encoder.finish().unwrap().0.into_inner()).unwrap()
}

#[test]
fn rytasks_headers_are_byte_for_byte() {
    assert_eq!(
        empty("work-items"),
        "key,title,status_id,priority,source,assignee_id,reporter_id,parent_id,estimate_value,start_date,end_date,\
         due_date,completed_at,created_at,updated_at,deleted_at,label_ids,description\n"
    );
    assert_eq!(
        empty("time-logs"),
        "id,project_id,work_item_id,user_id,started_at,ended_at,duration_seconds,classification,\
         classification_overridden,source,billable,note,created_at,deleted_at\n"
    );
    assert_eq!((empty("work-items").len(), empty("time-logs").len()), (182, 156));
}

#[test]
fn minimal_quotes_only_commas_quotes_and_line_ends() {
    for (text, expected) in [
        ("a,b", "\"a,b\"\n"),
        ("say \"hi\"", "\"say \"\"hi\"\"\"\n"),
        ("\"", "\"\"\"\"\n"),
        ("a\nb", "\"a\nb\"\n"),
        ("a\rb", "\"a\rb\"\n"),
        ("a\r\nb", "\"a\r\nb\"\n"),
        ("a comma after sixteen bytes,", "\"a comma after sixteen bytes,\"\n"),
    ] {
        assert_eq!(minimal(text), expected);
    }
    for bare in [
        " a b ",
        "a\tb",
        "a;b",
        "\u{2028}",
        "\u{b}\u{c}\u{1}\u{7f}\u{85}",
        "'",
        "\\",
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=",
        "é🚀",
    ] {
        assert_eq!(minimal(bare), format!("{bare}\n"));
    }
}

#[test]
fn fputcsv_quotes_blanks_and_tabs_too() {
    for (text, expected) in [
        ("a b", "\"a b\"\n"),
        ("a\tb", "\"a\tb\"\n"),
        ("a,b", "\"a,b\"\n"),
        ("a\nb", "\"a\nb\"\n"),
        ("a\rb", "\"a\rb\"\n"),
        ("x\\\"y", "\"x\\\"\"y\"\n"),
    ] {
        assert_eq!(fputcsv(text), expected);
    }
    for bare in ["a\\b", "'", ";", "\u{b}\u{c}\u{1}", "\u{a0}", "\u{2028}", "\u{85}", "=1+1", "@x", "-1"] {
        assert_eq!(fputcsv(bare), format!("{bare}\n"));
    }
}

#[test]
fn null_and_empty_are_both_nothing() {
    for kind in [ColumnType::Text, ColumnType::List, ColumnType::Uuid, ColumnType::Timestamp, ColumnType::Bool] {
        assert_eq!(lines(rytask().encoding, kind, &[None]), "\"\"\n", "{kind:?}");
        assert_eq!(lines(FPUTCSV, kind, &[None]), "\"\"\n", "{kind:?}");
    }
    assert_eq!((minimal(""), fputcsv("")), ("\"\"\n".to_owned(), "\"\"\n".to_owned()), "a blank line is no record");
    let three = columns(&[("a", ColumnType::Text), ("b", ColumnType::Int), ("c", ColumnType::Text)]);
    assert_eq!(one(Format::Csv, &three, &[vec![None, None, Some(b"")]]).unwrap(), "a,b,c\n,,\n");
}

#[test]
fn every_type_has_its_text() {
    let instant = 823_256_430_123_456_i64.to_be_bytes();
    let date = i32::MAX.to_be_bytes();
    for (kind, cell, javascript, php) in [
        (ColumnType::Bool, &[1][..], "true", "true"),
        (ColumnType::Bool, &[0], "false", "false"),
        (ColumnType::Int, &[0, 0, 0, 0], "0", "0"),
        (ColumnType::Int, &(-5_i64).to_be_bytes(), "-5", "-5"),
        (ColumnType::Float, &f64::NAN.to_be_bytes(), "NaN", "NaN"),
        (ColumnType::Float, &f32::NEG_INFINITY.to_be_bytes(), "-Infinity", "-Infinity"),
        (ColumnType::Float, &2.5_f64.to_be_bytes(), "2.5", "2.5"),
        (ColumnType::Numeric, &[0, 2, 0, 0, 0, 0, 0, 2, 0, 1, 0x13, 0x88], "1.50", "1.50"),
        (ColumnType::Uuid, &[0xAB; 16], "abababab-abab-abab-abab-abababababab", "abababab-abab-abab-abab-abababababab"),
        (ColumnType::Timestamp, &instant, "2026-02-01T10:20:30.123Z", "2026-02-01T10:20:30Z"),
        (ColumnType::Date, &date, "infinity", "infinity"),
        (ColumnType::Date, &(-746_000_i32).to_be_bytes(), "0044-07-10 BC", "\"0044-07-10 BC\""),
        (ColumnType::List, b"a b", "a b", "\"a b\""),
        (ColumnType::Bytes, b"\x00\xff", "AP8=", "AP8="),
        (ColumnType::ArrayText, b",{a,\"b c\"}", "\"{a,\"\"b c\"\"}\"", "\"{a,\"\"b c\"\"}\""),
        (
            ColumnType::Json,
            b"{\"b\": 1.0, \"1\": \"/\"}",
            "\"{\"\"1\"\":\"\"/\"\",\"\"b\"\":1}\"",
            "\"{\"\"b\"\":1,\"\"1\"\":\"\"\\/\"\"}\"",
        ),
        (ColumnType::Json, b"[]", "[]", "[]"),
    ] {
        assert_eq!(lines(rytask().encoding, kind, &[Some(cell)]), format!("{javascript}\n"));
        assert_eq!(lines(FPUTCSV, kind, &[Some(cell)]), format!("{php}\n"));
    }
}

#[test]
fn tags_are_as_php_prints_them() {
    let tags = br#"["a1", "b/2", "a1"]"#;
    let cells: [Option<&[u8]>; 5] = [None, Some(b"null"), Some(b"[]"), Some(tags), Some(b"{}")];
    assert_eq!(
        lines(FPUTCSV, ColumnType::Json, &cells),
        "null\nnull\n[]\n\"[\"\"a1\"\",\"\"b\\/2\"\",\"\"a1\"\"]\"\n[]\n"
    );
    assert_eq!(lines(rytask().encoding, ColumnType::Json, &[None]), "\"\"\n");
}

#[test]
fn columns_are_the_definitions_in_its_order() {
    let mut chosen = section("rows");
    chosen.csv = vec![
        ("the b".to_owned(), "b".to_owned()),
        ("again, b".to_owned(), "b".to_owned()),
        ("a".to_owned(), "a".to_owned()),
    ];
    let columns = columns(&[("a", ColumnType::Text), ("hidden", ColumnType::Text), ("b", ColumnType::Text)]);
    let row: Row<'_> = vec![Some(b"1"), Some(b"2"), Some(b"3")];
    let (out, _) = encode(plan(definition(vec![chosen.clone()]), Format::Csv), &[(&columns, &[row])]).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "the b,\"again, b\",a\n3,3,1\n");
    let error = encode(plan(definition(vec![chosen]), Format::Csv), &[(&columns[..2], &[])]).unwrap_err();
    assert!(
        matches!(&error, FormatError::MissingColumn { section, column } if section == "rows" && column == "b"),
        "{error}"
    );
}

#[test]
fn only_the_plans_section_is_written_and_it_must_come() {
    let columns = columns(&[("v", ColumnType::Text)]);
    let make = || ArchivePlan {
        sections: [1].into(),
        ..plan(definition(vec![section("a"), section("b"), section("c")]), Format::Csv)
    };
    let error = encode(make(), &[(&columns, &[])]).unwrap_err();
    assert_eq!(error.to_string(), "section b had to come next, and a came: nothing is missing quietly");
    let error = encode(make(), &[]).unwrap_err();
    assert_eq!(error.to_string(), "section b had to come next, and the end came: nothing is missing quietly");
    let mut encoder = encoder(Arc::new(make()), Cursor::new(vec![])).unwrap();
    encoder.begin(1, &columns).unwrap();
    assert!(encoder.finish().is_err(), "it has not ended");
}

#[test]
fn a_plan_without_an_entity_names_those_there_are() {
    let plan = ArchivePlan { sections: [].into(), ..plan(rytask(), Format::Csv) };
    let error = encode(plan, &[]).unwrap_err();
    assert!(error.to_string().ends_with("pass one of work-items, time-logs"), "{error}");
}

#[test]
fn a_format_that_is_not_offered_names_those_that_are() {
    let error = FormatError::NotOffered {
        product: "rytask".to_owned(),
        format: Format::Seed,
        formats: vec![Format::Json, Format::Csv],
    };
    assert_eq!(error.to_string(), "rytask is not exported as seed: choose one of json, csv");
}

#[test]
fn what_the_style_cannot_hold_is_named_or_tolerated() {
    let mut definition = definition(vec![section("rows")]);
    definition.encoding = FPUTCSV;
    let columns = columns(&[("id", ColumnType::Int), ("at", ColumnType::Timestamp), ("j", ColumnType::Json)]);
    // 10000-01-01T00:00:00Z: beyond `seconds`, within `millis`.
    let year_10000 = 252_455_616_000_000_000_i64.to_be_bytes();
    let row: Row<'_> = vec![Some(&[0, 9]), Some(&year_10000), Some(b"1e400")];
    let rows = [row];
    let error = encode(plan(definition.clone(), Format::Csv), &[(&columns, &rows)]).unwrap_err();
    assert_eq!(error.to_string(), "rows_table.at of row 9 holds 10000-01-01 00:00:00.000+00, which csv cannot hold");
    let (out, written) = encode_with(plan(definition, Format::Csv), true, &[(&columns, &rows)]).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "id,at,j\n9,,\n");
    assert_eq!(written.unrepresentable_total, 2);
    assert_eq!(written.unrepresentable[1].value, "JSON with a number beyond a double's range");
    assert!(one(Format::Csv, &columns, &rows).unwrap().contains(",+010000-01-01T00:00:00.000Z,null\n"));
}

#[test]
fn numbers_that_lose_digits_are_counted_once() {
    let columns = columns(&[("id", ColumnType::Int), ("j", ColumnType::Json)]);
    let rows: Vec<Row<'_>> = vec![vec![Some(&[0, 1]), Some(b"1e400")], vec![Some(&[0, 2]), None]];
    let (_, written) = encode(plan(definition(vec![section("rows")]), Format::Csv), &[(&columns, &rows)]).unwrap();
    assert_eq!(written.warnings[0].ids, ["rows_table 1: j"]);
}

#[test]
fn a_torn_block_is_an_error() {
    let columns = columns(&[("a", ColumnType::Text), ("b", ColumnType::Uuid)]);
    for row in [vec![Some(&b"x"[..])], vec![None, Some(&[0; 15])]] {
        assert!(matches!(one(Format::Csv, &columns, &[row]), Err(FormatError::Torn { .. })));
    }
}

proptest! {
    #[test]
    fn any_texts_read_back(rows in prop::collection::vec(prop::collection::vec("[a-c ,\"\\r\\n\\t\\\\é]{0,24}", 2), 0..12)) {
        let columns = columns(&[("x", ColumnType::Text), ("y,", ColumnType::Text)]);
        let cells: Vec<Row<'_>> = rows.iter().map(|row| row.iter().map(|text| Some(text.as_bytes())).collect()).collect();
        for encoding in [rytask().encoding, FPUTCSV] {
            let mut definition = definition(vec![section("rows")]);
            definition.encoding = encoding;
            let rows_writer = CsvRows::new(&definition.sections[0], &columns, encoding, Format::Zip);
            let mut out = Vec::new();
            let mut writer = rows_writer.unwrap();
            writer.header(&mut out);
            let written = writer.block(&block(&cells), &mut out, &mut Findings::default()).unwrap();
            prop_assert_eq!(written, rows.len() as u64);
            let mut reader = ::csv::Reader::from_reader(&out[..]);
            prop_assert_eq!(reader.headers().unwrap(), vec!["x", "y,"]);
            let read: Vec<Vec<String>> = reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(&read, &rows);
        }
    }

    #[test]
    fn a_lone_column_reads_back_row_by_row(rows in prop::collection::vec("[a,\"\\r\\n ]{0,3}", 0..12)) {
        let cells: Vec<Option<&[u8]>> = rows.iter().map(|text| Some(text.as_bytes())).collect();
        for encoding in [rytask().encoding, FPUTCSV] {
            let text = lines(encoding, ColumnType::Text, &cells);
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let read: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_owned()).collect();
            prop_assert_eq!(&read, &rows);
        }
    }
}
