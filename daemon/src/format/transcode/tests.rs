use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn print(style: JsonStyle, json: &str) -> Result<String, Misfit> {
    let mut out = b"before ".to_vec();
    Transcoder::new(style).write(json, &mut out)?;
    Ok(String::from_utf8(out).unwrap().strip_prefix("before ").unwrap().to_owned())
}

fn javascript(json: &str) -> String {
    print(JsonStyle::Javascript, json).unwrap()
}

fn php(json: &str) -> String {
    print(JsonStyle::Php, json).unwrap()
}

#[test]
fn numbers_are_javascripts() {
    // `JSON.stringify(JSON.parse(text))` of V8.
    for (text, expected) in [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("1.0", "1"),
        ("123456789012345", "123456789012345"),
        ("1234567890123456", "1234567890123456"),
        ("9007199254740993", "9007199254740992"),
        ("33333333333333333", "33333333333333332"),
        ("12345678901234567890", "12345678901234567000"),
        ("1e20", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("1E3", "1000"),
        ("1.10e2", "110"),
        ("1e-6", "0.000001"),
        ("1e-7", "1e-7"),
        ("0.1000000000000000055511151231257827", "0.1"),
        ("1.7976931348623159e308", "null"),
        ("-1e400", "null"),
        ("1e-400", "0"),
        ("[1e400,{\"a\":-1e400}]", "[null,{\"a\":null}]"),
    ] {
        assert_eq!(javascript(text), expected, "{text}");
    }
}

#[test]
fn javascript_puts_array_indexes_first_at_every_level() {
    for (text, expected) in [
        (
            r#"{"b":1,"10":2,"a":3,"9":4,"01":5,"-1":6,"1.5":7,"4294967295":8,"4294967294":9,"0":10}"#,
            r#"{"0":10,"9":4,"10":2,"4294967294":9,"b":1,"a":3,"01":5,"-1":6,"1.5":7,"4294967295":8}"#,
        ),
        (
            r#"{"x":{"b":1,"2":[{"z":0,"1":{"y":0,"0":true}}],"1":null}}"#,
            r#"{"x":{"1":null,"2":[{"1":{"0":true,"y":0},"z":0}],"b":1}}"#,
        ),
        (r#"[{"a":0,"1":{}},[],{"b":{"c":0,"2":1}}]"#, r#"[{"1":{},"a":0},[],{"b":{"2":1,"c":0}}]"#),
        (
            r#"{"a key that is longer than a number":1,"99999999999999999999":2,"0":3}"#,
            r#"{"0":3,"a key that is longer than a number":1,"99999999999999999999":2}"#,
        ),
        (r#"{"":1,"\u0031":2}"#, r#"{"1":2,"":1}"#),
        (r#"{"é":1,"0":"é"}"#, r#"{"0":"é","é":1}"#),
        (r#"{"__proto__":1,"constructor":2}"#, r#"{"__proto__":1,"constructor":2}"#),
    ] {
        assert_eq!(javascript(text), expected);
    }
}

#[test]
fn of_equal_keys_the_last_wins_at_the_firsts_place() {
    for (text, expected) in [
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"\u0061":1,"a":2}"#, r#"{"a":2}"#),
        (r#"{"a":{"c":1,"0":2},"a":{"d":1,"5":[{"e":1,"5":6}],"4":0}}"#, r#"{"a":{"4":0,"5":[{"5":6,"e":1}],"d":1}}"#),
    ] {
        assert_eq!(javascript(text), expected);
    }
    assert_eq!(php(r#"{"b":1,"a":2,"b":{}}"#), r#"{"b":[],"a":2}"#);
}

#[test]
fn javascript_strings_escape_only_what_they_must() {
    assert_eq!(
        javascript(r#"["\u00e9\u001F\b\u007f\/\ud83d\ude80\u2028\ud800x\udc00\uD83D\"\\"]"#),
        "[\"é\\u001f\\b\u{7f}/🚀\u{2028}\\ud800x\\udc00\\ud83d\\\"\\\\\"]"
    );
    assert_eq!(
        javascript(" { \"a\" : [ 1 , \"x/é\" , null ,\r\n\ttrue , false , { } , [ ] ] } "),
        r#"{"a":[1,"x/é",null,true,false,{},[]]}"#
    );
}

#[test]
fn javascript_parses_a_text_that_is_one_string_again() {
    for (text, expected) in [
        (r#""123""#, "123"),
        (r#""null""#, "null"),
        (r#""{\"b\":1,\"a\":[1.0]}""#, r#"{"b":1,"a":[1]}"#),
        (r#""{\"b\":1,\"0\":\"\\n\"}""#, r#"{"0":"\n","b":1}"#),
        (r#""\" é \"""#, r#"" é ""#),
        (r#"" [1, 2] ""#, "[1,2]"),
        (r#""\"\\ud800\"""#, r#""\ud800""#),
        (r#""not json""#, r#""not json""#),
        (r#""[1""#, r#""[1""#),
        (r#""tru""#, r#""tru""#),
        (r#""\n""#, r#""\n""#),
        (r#""""#, r#""""#),
        (r#"["123"]"#, r#"["123"]"#),
    ] {
        assert_eq!(javascript(text), expected, "{text}");
    }
    assert_eq!(php(r#""123""#), r#""123""#, "PHP does not");
}

const NOT_JSON: [&str; 36] = [
    "",
    " ",
    "[",
    "{",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "[1,]",
    "[,1]",
    "01",
    "-01",
    "1.",
    ".5",
    "-",
    "+1",
    "1e",
    "1e+",
    "1.e3",
    "nul",
    "True",
    "NaN",
    "\"",
    "\"\\x\"",
    "\"\\u12g4\"",
    "\"\\u12\"",
    "\"a\nb\"",
    "[1 2]",
    "{\"a\" 1}",
    "1 2",
    "{a:1}",
    "[1]]",
    "[1}",
    "{\"a\":1]",
    "/**/1",
    "\u{a0}1",
    "\u{feff}1",
];

#[test]
fn what_is_no_json_is_an_error_or_null() {
    for text in NOT_JSON {
        assert!(matches!(print(JsonStyle::Javascript, text), Err(Misfit::Json(_))), "{text:?}");
        assert_eq!(php(text), "null", "{text:?}");
    }
}

#[test]
fn php_strings_escape_slashes_and_all_beyond_ascii() {
    assert_eq!(
        php("[\"a/b\",\"\\/é🚀\u{2028}\u{7f}\",\"\\u00E9\\ud83d\\ude80\\u001f\\b\\f\\n\\r\\t\\\"\\\\'<>&\"]"),
        "[\"a\\/b\",\"\\/\\u00e9\\ud83d\\ude80\\u2028\u{7f}\",\"\\u00e9\\ud83d\\ude80\\u001f\\b\\f\\n\\r\\t\\\"\\\\'<>&\"]"
    );
    assert_eq!(php(r#"{"é/":1}"#), r#"{"\u00e9\/":1}"#);
    assert_eq!(php(r#"["\ud800"]"#), "null", "half a pair is a decoding error");
    assert_eq!(php(r#"["\ud800\u0041"]"#), "null");
}

#[test]
fn php_cannot_tell_objects_from_lists() {
    for (text, expected) in [
        ("{}", "[]"),
        ("[{}, {\"a\": {}}]", r#"[[],{"a":[]}]"#),
        (r#"{"0":"a","1":"b"}"#, r#"["a","b"]"#),
        (r#"{"0":{"0":{"0":[]}}}"#, "[[[[]]]]"),
        (r#"{"1":"b","0":"a"}"#, r#"{"1":"b","0":"a"}"#),
        (r#"{"0":"a","2":"b"}"#, r#"{"0":"a","2":"b"}"#),
        (r#"{"0":"a","01":"b"}"#, r#"{"0":"a","01":"b"}"#),
        (r#"{"0":1,"1":2,"0":3}"#, "[3,2]"),
    ] {
        assert_eq!(php(text), expected, "{text}");
    }
}

#[test]
fn php_numbers_are_64_bit_integers_or_shortest_floats() {
    // `json_encode(json_decode($text, true))` of PHP 8.2 with `serialize_precision = -1`.
    for (text, expected) in [
        ("[1.0, 0.5, 0.0]", "[1,0.5,0]"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9.223372036854776e+18"),
        ("1e5", "100000"),
        ("100000000000000000.0", "1.0e+17"),
        ("1e-5", "1.0e-5"),
        ("0.0001", "0.0001"),
        ("-9223372036854775809", "-9.223372036854776e+18"),
        ("5e-324", "5.0e-324"),
        ("-0", "0"),
        ("-0.0", "-0"),
    ] {
        assert_eq!(php(text), expected, "{text}");
    }
    assert_eq!(print(JsonStyle::Php, "[1e400]"), Err(Misfit::JsonInfinity));
}

#[test]
fn php_gives_null_for_what_is_nested_deeper_than_511() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(php(&nested(511)), nested(511));
    assert_eq!(php(&nested(512)), "null");
}

#[test]
fn tags_lose_the_blank_after_the_comma() {
    let tags = r#"["9f1f0b3e-8f6c-4ad5-a1f9-1a2b3c4d5e6f", "9F1F0B3E-8F6C-4AD5-A1F9-1A2B3C4D5E6F"]"#;
    assert_eq!(php(tags), tags.replace(", ", ","));
    assert_eq!(php("[]"), "[]");
    assert_eq!(php("null"), "null");
}

#[test]
fn a_hundred_thousand_brackets_need_no_stack() {
    let depth = 100_000;
    let arrays = "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(javascript(&arrays), arrays);
    assert_eq!(php(&arrays), "null");
    assert_eq!(print(JsonStyle::Javascript, arrays.strip_prefix('[').unwrap()), Err(Misfit::Json(2 * depth - 2)));
    // Every level has to be put in order; the innermost would be moved 100,000 times.
    let objects = "{\"b\":0,\"1\":".repeat(depth) + "0" + &"}".repeat(depth);
    let expected = "{\"1\":".repeat(depth) + "0" + &",\"b\":0}".repeat(depth);
    assert_eq!(javascript(&objects), expected);
}

#[test]
fn numbers_that_lose_digits_are_named_by_their_paths() {
    let mut transcoder = Transcoder::new(JsonStyle::Javascript);
    let mut out = Vec::new();
    let text = r#"{"a":[1,{"x":0,"big":12345678901234567890}],"tax rate":1e400,"ok":[0.1,1e20,1.50]}"#;
    transcoder.write(text, &mut out).unwrap();
    assert_eq!(transcoder.remarks().imprecise.names(), [".a[1].big", ".tax rate"]);
    transcoder.write("[0.1]", &mut out).unwrap();
    assert_eq!((transcoder.remarks().imprecise.names().len(), transcoder.remarks().imprecise.total()), (0, 0));
    transcoder.write(&format!("[{}0]", "1e-400,".repeat(1000)), &mut out).unwrap();
    assert_eq!((transcoder.remarks().imprecise.names().len(), transcoder.remarks().imprecise.total()), (100, 1000));
    transcoder.write("9007199254740993", &mut out).unwrap();
    assert_eq!(transcoder.remarks().imprecise.names(), [""]);
    transcoder.write("\"[9007199254740993\"", &mut out).unwrap();
    assert_eq!(transcoder.remarks().imprecise.total(), 0, "a string that is no JSON stays, with all its digits");
}

#[test]
fn halves_of_characters_are_named_by_their_paths() {
    let mut transcoder = Transcoder::new(JsonStyle::Javascript);
    let mut halves = |text: &str| {
        transcoder.write(text, &mut Vec::new()).unwrap();
        transcoder.remarks().halves.names().to_vec()
    };
    assert_eq!(halves(r#"{"a":["x","cut \ud83d"],"b":"\ude00 late","\ud83d":1}"#), [".a[1]", ".b", r".\ud83d"]);
    assert_eq!(halves(r#""cut \ud83d""#), [""]);
    assert_eq!(halves(r#"["\ud83d\ude00", "\\ud83d", "🚀"]"#), [""; 0]);
    assert_eq!(halves(r#""{\"a\":\"\\ud83d\"}""#), [".a"], "a text that is parsed once more");
    assert_eq!(php("\"\\ud83d\""), "null", "PHP refuses it");
}

#[test]
fn depth_is_counted_in_jqs_levels() {
    let mut transcoder = Transcoder::new(JsonStyle::Javascript);
    let mut depth = |text: &str| {
        transcoder.write(text, &mut Vec::new()).unwrap();
        transcoder.remarks().depth()
    };
    for (text, expected) in [
        ("1", 0),
        ("[]", 1),
        ("[1]", 1),
        ("[[], [[]], 1]", 3),
        ("{}", 1),
        ("{\"a\":1}", 1),
        ("{\"a\":[1]}", 3),
        ("{\"a\":{\"b\":{}}}", 5),
        ("[{\"a\":[{}]}]", 5),
        ("[[1],[2],[3]]", 2),
    ] {
        assert_eq!(depth(text), expected, "{text}");
    }
}

/// JSON whose numbers fit a double.
fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9\"/\\\\\\u{0}-\\u{1f}é🚀]{0,6}".prop_map(Value::from),
    ];
    let key = prop_oneof!["[0-9]{1,11}", "[a-c]", any::<String>()];
    scalar.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// As PHP sees it: objects that are empty or count from 0 are lists.
fn as_php(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_php).collect(),
        Value::Object(members) if members.keys().enumerate().all(|(index, key)| *key == index.to_string()) => {
            members.values().map(as_php).collect()
        }
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), as_php(value))).collect(),
        scalar => scalar.clone(),
    }
}

proptest! {
    #[test]
    fn keeps_every_value(value in value()) {
        let text = json!([value]).to_string();
        prop_assert_eq!(&serde_json::from_str::<Value>(&javascript(&text)).unwrap(), &json!([value]));
        let php = php(&text);
        prop_assert!(php.is_ascii());
        prop_assert_eq!(serde_json::from_str::<Value>(&php).unwrap(), as_php(&json!([value])));
    }

    #[test]
    fn printing_again_changes_nothing(value in value()) {
        for style in [JsonStyle::Javascript, JsonStyle::Php] {
            let once = print(style, &json!([value]).to_string()).unwrap();
            prop_assert_eq!(print(style, &once).unwrap(), once);
        }
    }

    #[test]
    fn never_panics_and_takes_what_serde_takes(text in "[\\[\\]{}:,\"\\\\0-9a-fu.eE+ntrl -]{0,24}") {
        let ours = print(JsonStyle::Javascript, &text).is_ok();
        // A RawValue checks the grammar alone: no range of numbers, no pairs of surrogates.
        prop_assert_eq!(ours, serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok());
    }
}
