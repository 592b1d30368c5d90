use std::io::Cursor;

use orgvault_api::{Format, Warning};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::{
    format::{
        Unrepresentable, encoder,
        fixture::{Row, block, columns, definition, encode, encode_with, one, plan, rytask, section},
    },
    product::{Fixed, JsonStyle},
    row::Element,
};

const ID: [u8; 16] = [0xBB, 0, 0x1F, 0xF1, 0, 0x10, 0x70, 0x01, 0x80, 0, 0, 0, 0, 0, 0x0A, 0x0B];
const ID_TEXT: &str = "bb001ff1-0010-7001-8000-000000000a0b";
/// 2026-02-01T10:20:30.123456Z.
const INSTANT: i64 = 823_256_430_123_456;

fn rows(columns: &[(&str, ColumnType)], rows: &[Row<'_>]) -> Result<String, FormatError> {
    one(Format::Json, &self::columns(columns), rows)
}

fn one_value(kind: ColumnType, cell: &[u8]) -> Result<String, FormatError> {
    let text = rows(&[("v", kind)], &[vec![Some(cell)]])?;
    Ok(text.strip_prefix("{\"rows\":[{\"v\":").unwrap().strip_suffix("}]}").unwrap().to_owned())
}

/// RyTask's sections, all empty but the organization.
fn empty_organization() -> Vec<(Vec<Column>, Vec<Row<'static>>)> {
    let organization = columns(&[
        ("id", ColumnType::Uuid),
        ("name", ColumnType::Text),
        ("slug", ColumnType::Text),
        ("settings", ColumnType::Json),
        ("createdAt", ColumnType::Timestamp),
    ]);
    let created: &[u8] = &(-1_i64).to_be_bytes();
    let created: &'static [u8] = created.to_vec().leak();
    let row: Row<'static> =
        vec![Some(&ID), Some(b"Org \"C\""), Some(b""), Some(b"{\"b\": 1.0, \"10\": {}}"), Some(created)];
    let mut sections = vec![(organization, vec![row])];
    sections.resize(9, (columns(&[("id", ColumnType::Uuid)]), Vec::new()));
    sections
}

fn borrowed<'a>(sections: &'a [(Vec<Column>, Vec<Row<'a>>)]) -> Vec<(&'a [Column], &'a [Row<'a>])> {
    sections.iter().map(|(columns, rows)| (&columns[..], &rows[..])).collect()
}

#[test]
fn an_empty_rytask_organization_is_written_byte_for_byte() {
    let sections = empty_organization();
    let (out, written) = encode(plan(rytask(), Format::Json), &borrowed(&sections)).unwrap();
    let expected = concat!(
        r#"{"format":"rytask.workspace-export","version":1,"exportedAt":"2026-01-31T09:30:00.123Z","#,
        r#""organization":{"id":"bb001ff1-0010-7001-8000-000000000a0b","name":"Org \"C\"","slug":"","#,
        r#""settings":{"10":{},"b":1},"createdAt":"1999-12-31T23:59:59.999Z"},"#,
        r#""workspaces":[],"members":[],"projects":[],"statuses":[],"labels":[],"workItems":[],"comments":[],"timeLogs":[],"#,
        r#""counts":{"workspaces":0,"members":0,"projects":0,"statuses":0,"labels":0,"workItems":0,"comments":0,"timeLogs":0}}"#,
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let names: Vec<(&str, u64)> = written.counts.iter().map(|count| (count.name.as_str(), count.rows)).collect();
    assert_eq!(names[..2], [("organization", 1), ("workspaces", 0)]);
    assert_eq!((names.len(), written.warnings.len()), (9, 0));
}

#[test]
fn every_type_has_its_json() {
    for (kind, cell, expected) in [
        (ColumnType::Bool, &[0][..], "false"),
        (ColumnType::Bool, &[1], "true"),
        (ColumnType::Int, &(-7_i16).to_be_bytes(), "-7"),
        (ColumnType::Int, &i32::MIN.to_be_bytes(), "-2147483648"),
        (ColumnType::Int, &i64::MAX.to_be_bytes(), "9223372036854775807"),
        (ColumnType::Float, &1e21_f64.to_be_bytes(), "1e+21"),
        (ColumnType::Float, &0.1_f32.to_be_bytes(), "0.1"),
        (ColumnType::Float, &f64::NAN.to_be_bytes(), "\"NaN\""),
        (ColumnType::Float, &f32::NEG_INFINITY.to_be_bytes(), "\"-Infinity\""),
        (ColumnType::Numeric, &[0, 2, 0, 0, 0, 0, 0, 2, 0, 1, 0x13, 0x88], "\"1.50\""),
        (ColumnType::Numeric, &[0, 0, 0, 0, 0xC0, 0, 0, 0], "\"NaN\""),
        (ColumnType::Text, b"", "\"\""),
        (ColumnType::Uuid, &ID, "\"bb001ff1-0010-7001-8000-000000000a0b\""),
        (ColumnType::Timestamp, &INSTANT.to_be_bytes(), "\"2026-02-01T10:20:30.123Z\""),
        (ColumnType::Date, &9659_i32.to_be_bytes(), "\"2026-06-12\""),
        (ColumnType::Date, &i32::MAX.to_be_bytes(), "\"infinity\""),
        (ColumnType::Json, b"[1, null]", "[1,null]"),
        (ColumnType::List, b"", "[]"),
        (ColumnType::List, b"a \"b\" c", r#"["a","\"b\"","c"]"#),
        (ColumnType::Bytes, b"\x00\xff", "\"AP8=\""),
        (ColumnType::ArrayText, b",{10.0.0.1,NULL}", r#"["10.0.0.1",null]"#),
    ] {
        assert_eq!(one_value(kind, cell).unwrap(), expected);
    }
}

/// `array_send`'s bytes of one dimension.
fn array(elements: &[Option<&[u8]>]) -> Vec<u8> {
    let mut cell = [1_i32, 1, 2950, i32::try_from(elements.len()).unwrap(), 1].map(i32::to_be_bytes).concat();
    for element in elements {
        cell.extend(element.map_or(-1, |element| i32::try_from(element.len()).unwrap()).to_be_bytes());
        cell.extend_from_slice(element.unwrap_or_default());
    }
    cell
}

#[test]
fn arrays_are_json_arrays_of_their_elements() {
    let uuids = array(&[Some(&ID), None]);
    assert_eq!(one_value(ColumnType::Array(Element::Uuid), &uuids).unwrap(), format!("[\"{ID_TEXT}\",null]"));
    let texts = array(&[Some(b"a b"), Some(b"")]);
    assert_eq!(one_value(ColumnType::Array(Element::Text), &texts).unwrap(), r#"["a b",""]"#);
    assert_eq!(one_value(ColumnType::Array(Element::Int), &[0; 12]).unwrap(), "[]");
    for torn in [&uuids[..uuids.len() - 1], &uuids[..30], &[0; 11]] {
        assert!(matches!(one_value(ColumnType::Array(Element::Uuid), torn), Err(FormatError::Torn { .. })));
    }
}

#[test]
fn null_is_null_and_every_key_is_there() {
    let kinds = [("a", ColumnType::Text), ("b\"", ColumnType::Json), ("c", ColumnType::List), ("d", ColumnType::Date)];
    assert_eq!(rows(&kinds, &[vec![None; 4]]).unwrap(), r#"{"rows":[{"a":null,"b\"":null,"c":null,"d":null}]}"#);
}

#[test]
fn strings_escape_only_what_json_stringify_escapes() {
    let raw = "/\u{7f}\u{80}\u{85}\u{2028}\u{2029}\u{ffff}é🚀'<>&";
    assert_eq!(one_value(ColumnType::Text, raw.as_bytes()).unwrap(), format!("\"{raw}\""));
    assert_eq!(
        one_value(ColumnType::Text, b"\"\\\x00\x01\x08\t\n\x0b\x0c\r\x1f").unwrap(),
        r#""\"\\\u0000\u0001\b\t\n\u000b\f\r\u001f""#
    );
}

#[test]
fn head_and_counts_are_the_definitions() {
    let mut definition = definition(vec![section("a"), section("b")]);
    definition.sections[0].counted = false;
    definition.json.counts_key = Some("sizes".to_owned());
    definition.json.head = vec![
        ("literal".to_owned(), Fixed::Literal(json!({"z": [1, "é/"], "a": null}))),
        ("id".to_owned(), Fixed::OrganizationId),
        ("ids".to_owned(), Fixed::OrganizationIds),
        ("uuid".to_owned(), Fixed::ExportUuid),
    ];
    let columns = columns(&[("n", ColumnType::Bool)]);
    let row: Row<'_> = vec![Some(&[1])];
    let (out, _) = encode(plan(definition, Format::Json), &[(&columns, &[]), (&columns, &[row.clone(), row])]).unwrap();
    let text = String::from_utf8(out).unwrap();
    let (head, uuid) = text.split_once("\"uuid\":\"").unwrap();
    assert_eq!(head, r#"{"literal":{"z":[1,"é/"],"a":null},"id":"acme \"1\"","ids":["acme \"1\""],"#);
    let (uuid, rest) = uuid.split_once('"').unwrap();
    assert_eq!(rest, r#","a":[],"b":[{"n":true},{"n":true}],"sizes":{"b":2}}"#);
    let uuid = uuid.as_bytes();
    assert_eq!((uuid.len(), uuid[14]), (36, b'4'));
    assert!(matches!(uuid[19], b'8' | b'9' | b'a' | b'b'));
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let sections = empty_organization();
    let gzip = || ArchivePlan { gzip: true, ..plan(rytask(), Format::Json) };
    let (first, _) = encode(gzip(), &borrowed(&sections)).unwrap();
    let (second, _) = encode(gzip(), &borrowed(&sections)).unwrap();
    assert_eq!(first, second);
    assert_eq!(first[..3], [0x1F, 0x8B, 8]);
}

#[test]
fn a_single_section_must_have_one_row() {
    let mut single = section("org");
    single.single = true;
    let columns = columns(&[("n", ColumnType::Bool)]);
    let row: Row<'_> = vec![Some(&[1])];
    for rows in [vec![], vec![row.clone(), row]] {
        let error = encode(plan(definition(vec![single.clone()]), Format::Json), &[(&columns, &rows)]).unwrap_err();
        assert!(
            matches!(&error, FormatError::NotSingle { section, rows: found } if section == "org" && *found == rows.len() as u64)
        );
    }
}

#[test]
fn a_section_that_is_missing_or_out_of_order_is_an_error() {
    let make = || {
        encoder(Arc::new(plan(definition(vec![section("a"), section("b")]), Format::Json)), Cursor::new(vec![]))
            .unwrap()
    };
    let columns = columns(&[("n", ColumnType::Bool)]);
    let mut encoder = make();
    assert!(encoder.begin(1, &columns).unwrap_err().to_string().contains("section a had to come next, and b came"));
    assert!(make().rows(&block(&[])).is_err());
    assert!(make().end().is_err());
    let mut encoder = make();
    encoder.begin(0, &columns).unwrap();
    assert!(encoder.begin(1, &columns).is_err(), "the first has not ended");
    encoder.end().unwrap();
    let error = encoder.finish().err().unwrap();
    assert_eq!(error.to_string(), "section b had to come next, and the end came: nothing is missing quietly");
    let mut encoder = make();
    encoder.begin(0, &columns).unwrap();
    encoder.end().unwrap();
    encoder.begin(1, &columns).unwrap();
    assert!(encoder.finish().is_err(), "the last has not ended");
}

#[test]
fn a_row_that_does_not_fit_its_columns_is_torn() {
    let two = columns(&[("a", ColumnType::Bool), ("b", ColumnType::Int)]);
    let torn: [Row<'_>; 6] = [
        vec![Some(&[1])],
        vec![Some(&[1]), None, None],
        vec![Some(&[2]), None],
        vec![Some(&[]), None],
        vec![None, Some(&[0; 3])],
        vec![None, Some(&[0; 16])],
    ];
    for row in torn {
        assert!(matches!(one(Format::Json, &two, &[row]), Err(FormatError::Torn { section, .. }) if section == "rows"));
    }
    for kind in [ColumnType::Uuid, ColumnType::Timestamp, ColumnType::Date, ColumnType::Float, ColumnType::Numeric] {
        assert!(matches!(one_value(kind, &[0; 5]), Err(FormatError::Torn { .. })), "{kind:?}");
    }
}

#[test]
fn what_json_cannot_hold_names_table_id_and_column() {
    let kinds = [("id", ColumnType::Uuid), ("at", ColumnType::Timestamp)];
    let infinity = i64::MAX.to_be_bytes();
    let error = rows(&kinds, &[vec![Some(&ID), Some(&infinity)]]).unwrap_err();
    let expected = format!("rows_table.at of row {ID_TEXT} holds infinity, which json cannot hold");
    assert_eq!(error.to_string(), expected);
    let bc = (-63_082_281_600_000_001_i64).to_be_bytes();
    let error = rows(&kinds, &[vec![Some(&ID), Some(&bc)]]).unwrap_err();
    assert!(error.to_string().contains("0001-12-31 23:59:59.999+00 BC"), "{error}");
    for (kind, cell, value) in [
        (ColumnType::Text, &b"\xFF"[..], "text that is not UTF-8"),
        (ColumnType::Json, b"{\"a\":nope}", "text that is not JSON (at byte 5)"),
    ] {
        let FormatError::Unrepresentable(found) = one_value(kind, cell).unwrap_err() else { panic!("{value}") };
        assert_eq!((found.column.as_str(), found.value.as_str(), found.format), ("v", value, Format::Json));
    }
}

#[test]
fn the_row_is_named_by_the_definitions_id_column() {
    let mut named = section("rows");
    named.id = Some("key".to_owned());
    let columns = columns(&[("v", ColumnType::Text), ("key", ColumnType::Int)]);
    let row: Row<'_> = vec![Some(&[0xFF]), Some(&[0, 42])];
    let error = encode(plan(definition(vec![named]), Format::Json), &[(&columns, &[row])]).unwrap_err();
    assert_eq!(error.to_string(), "rows_table.v of row 42 holds text that is not UTF-8, which json cannot hold");
}

#[test]
fn tolerated_values_are_collected_and_bounded() {
    let columns = columns(&[("id", ColumnType::Int), ("at", ColumnType::Timestamp), ("f", ColumnType::Text)]);
    let infinity = i64::MIN.to_be_bytes();
    let rows: Vec<Row<'_>> = vec![vec![Some(&[0, 7]), Some(&infinity), Some(&[0xFF])]; 80];
    let plan = plan(definition(vec![section("rows")]), Format::Json);
    let (out, written) = encode_with(plan, true, &[(&columns, &rows)]).unwrap();
    assert_eq!((written.unrepresentable.len(), written.unrepresentable_total), (100, 160));
    let expected = Unrepresentable {
        table: "rows_table".to_owned(),
        id: "7".to_owned(),
        column: "at".to_owned(),
        value: "-infinity".to_owned(),
        format: Format::Json,
    };
    assert_eq!(written.unrepresentable[0], expected);
    assert_eq!(written.unrepresentable[1].column, "f");
    assert_eq!(written.counts[0].rows, 80);
    let document: Json = serde_json::from_slice(&out).unwrap();
    assert_eq!(document["rows"][79], json!({"id": 7, "at": null, "f": null}));
}

#[test]
fn numbers_that_lose_digits_are_a_warning_with_ids_and_paths() {
    let columns = columns(&[("id", ColumnType::Int), ("settings", ColumnType::Json)]);
    let rows: Vec<Row<'_>> = vec![
        vec![Some(&[0, 1]), Some(b"{\"a\": [1, 12345678901234567890]}")],
        vec![Some(&[0, 2]), None],
        vec![Some(&[0, 3]), Some(b"{\"b\": 1e400}")],
        vec![Some(&[0, 4]), Some(b"[0.1, 1e20, 1.0]")],
    ];
    let (out, written) = encode(plan(definition(vec![section("rows")]), Format::Json), &[(&columns, &rows)]).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(r#"{"a":[1,12345678901234567000]}"#) && text.contains(r#"{"b":null}"#), "{text}");
    let [Warning { code, ids, message }] = &written.warnings[..] else { panic!("{:?}", written.warnings) };
    assert_eq!(code, "number_imprecise");
    assert!(message.starts_with("2 numbers "), "{message}");
    assert_eq!(ids[..], ["rows_table 1: settings.a[1]", "rows_table 3: settings.b"]);
    let many: Vec<Row<'_>> = vec![vec![Some(&[0, 1]), Some(b"1e400")]; 300];
    let (_, written) = encode(plan(definition(vec![section("rows")]), Format::Json), &[(&columns, &many)]).unwrap();
    assert_eq!(written.warnings[0].ids.len(), 100);
    assert!(written.warnings[0].message.starts_with("300 numbers "));
}

/// `[[[..]]]` or `{"a":{"a":..}}` of this depth.
fn nested(open: &str, close: &str, depth: usize) -> String {
    open.repeat(depth) + "1" + &close.repeat(depth)
}

#[test]
fn what_jq_cannot_read_is_a_warning_with_ids_and_jq_reads_the_rest() {
    let columns = columns(&[("id", ColumnType::Int), ("settings", ColumnType::Json)]);
    for (value, code, path) in [
        (r#"{"t":["fine","cut \ud83d"]}"#.to_owned(), "json_half_character", ".t[1]"),
        (r#"{"\ude00":1}"#.to_owned(), "json_half_character", r".\ude00"),
        (nested("[", "]", 252), "json_deep", ""),
        (nested("{\"a\":", "}", 127), "json_deep", ""),
        (nested("[", "]", 251), "", ""),
        (nested("{\"a\":", "}", 126), "", ""),
        (r#""\ud83d\ude00 whole""#.to_owned(), "", ""),
    ] {
        let rows: Vec<Row<'_>> = vec![vec![Some(&[0, 6]), Some(b"{}")], vec![Some(&[0, 7]), Some(value.as_bytes())]];
        let (out, written) =
            encode(plan(definition(vec![section("rows")]), Format::Json), &[(&columns, &rows)]).unwrap();
        let warned: Vec<_> = written.warnings.iter().map(|warning| (warning.code.as_str(), &warning.ids[..])).collect();
        let id = [format!("rows_table 7: settings{path}")];
        assert_eq!(warned, if code.is_empty() { vec![] } else { vec![(code, &id[..])] });
        // A later one than 1.6 reads more.
        assert!(!code.is_empty() || jq_reads(&out), "{value}");
    }
}

fn jq_reads(document: &[u8]) -> bool {
    let mut jq = std::process::Command::new("jq")
        .args(["-e", "."])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("jq has to be installed");
    jq.stdin.take().unwrap().write_all(document).unwrap();
    jq.wait().unwrap().success()
}

#[test]
fn json_columns_follow_the_definitions_style() {
    let mut definition = definition(vec![section("rows")]);
    definition.encoding.json = JsonStyle::Php;
    definition.encoding.timestamp = TimestampStyle::Seconds;
    let columns = columns(&[("j", ColumnType::Json), ("t", ColumnType::Timestamp)]);
    let instant = INSTANT.to_be_bytes();
    let rows: [Row<'_>; 1] = [vec![Some("{\"0\": \"é/\"}".as_bytes()), Some(&instant)]];
    let (out, _) = encode(plan(definition, Format::Json), &[(&columns, &rows)]).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), r#"{"rows":[{"j":["\u00e9\/"],"t":"2026-02-01T10:20:30Z"}]}"#);
}

#[test]
fn a_text_of_50_megabytes_is_one_value() {
    let cell = vec![b'x'; 50_000_000];
    let text = one_value(ColumnType::Text, &cell).unwrap();
    assert!(text.len() == 50_000_002 && text.as_bytes()[1..50_000_001] == cell[..]);
}

#[test]
fn bytes_are_counted_before_compression() {
    let plan = ArchivePlan { gzip: true, ..plan(definition(vec![section("rows")]), Format::Json) };
    let mut encoder = encoder(Arc::new(plan), Cursor::new(vec![])).unwrap();
    encoder.begin(0, &columns(&[("v", ColumnType::Text)])).unwrap();
    let cell = [b'x'; 10_000];
    for _ in 0..100 {
        encoder.rows(&block(&[vec![Some(&cell[..])]])).unwrap();
    }
    assert_eq!(encoder.bytes(), 9 + 100 * 10_008 + 99);
    encoder.end().unwrap();
    let (out, _) = encoder.finish().unwrap();
    assert!(out.into_inner().len() < 20_000);
}

proptest! {
    #[test]
    fn any_texts_and_numbers_read_back(cells in prop::collection::vec((any::<Option<String>>(), any::<i64>(), any::<bool>()), 0..20)) {
        let columns = columns(&[("text \"é\"", ColumnType::Text), ("n", ColumnType::Int), ("b", ColumnType::Bool)]);
        let numbers: Vec<[u8; 8]> = cells.iter().map(|cell| cell.1.to_be_bytes()).collect();
        let rows: Vec<Row<'_>> = cells.iter().zip(&numbers).map(|((text, _, flag), number)| {
            vec![text.as_deref().map(str::as_bytes), Some(&number[..]), Some(if *flag { &[1][..] } else { &[0] })]
        }).collect();
        let expected: Vec<Json> = cells.iter().map(|(text, number, flag)| json!({"text \"é\"": text, "n": number, "b": flag})).collect();
        let text = one(Format::Json, &columns, &rows).unwrap();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), json!({"rows": expected}));
    }

    #[test]
    fn garbage_is_an_error_and_never_a_panic(cell in prop::collection::vec(any::<u8>(), 0..40), array: bool) {
        for kind in [ColumnType::Numeric, ColumnType::Json, ColumnType::List, ColumnType::Timestamp, ColumnType::Date, ColumnType::Float] {
            if let Ok(text) = one_value(kind, &cell) {
                prop_assert!(serde_json::from_str::<Json>(&text).is_ok(), "{:?} {}", kind, text);
            }
        }
        let mut cell = cell;
        if array && cell.len() > 4 {
            cell[..4].copy_from_slice(&[0, 0, 0, 1]);
        }
        if let Ok(text) = one_value(ColumnType::Array(Element::Numeric), &cell) {
            prop_assert!(serde_json::from_str::<Json>(&text).is_ok(), "{}", text);
        }
    }
}
