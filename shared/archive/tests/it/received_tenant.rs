//! Where a file says whose it is: in rows that may say it, in one of several places, in a member named after it.

use orgvault_api::Format;
use orgvault_archive::{
    Report,
    received::{Content, Identity, Inner, MemberRule, Saying},
};

use crate::{
    received::{gzip, read_as},
    received_containers::tar,
};

fn rows(identity: Identity, text: &str) -> Report {
    let content = Content {
        inner: Inner::Ndjson,
        section: Some("type".to_owned()),
        identity: vec![identity],
        ..Content::default()
    };
    read_as(&gzip(text.as_bytes()), Format::Json, true, &content)
}

fn identity(pointer: &str, rows: Saying) -> Identity {
    Identity { pointer: pointer.to_owned(), rows, ..Identity::default() }
}

#[test]
fn one_row_is_enough_where_a_definition_says_so() {
    let some = |text: &str| rows(identity("/id", Saying::Some), text);
    assert!(some("{\"id\":7}\n{\"id\":\"1331\"}\n{\"id\":8}\n{}\n").ok());
    let many = (0..50).map(|id| format!("{{\"id\":{id}}}\n")).collect::<Vec<_>>().concat();
    assert!(some(&format!("{many}{{\"id\":1331}}\n")).ok(), "behind many others");
    for none in [many.as_str(), "{\"id\":7}\n", "{}\n", ""] {
        assert_eq!(some(none).code(), Some("wrong_organization"), "{none}");
    }
}

#[test]
fn rows_that_have_the_value_must_agree_where_a_definition_says_so() {
    let task = Identity { section: Some("task".to_owned()), ..identity("/of/id", Saying::Given) };
    let given = |text: &str| rows(task.clone(), text);
    let right = "{\"type\":\"task\",\"of\":{\"id\":1331}}\n";
    let other = right.replace("1331", "7");
    let silent = "{\"type\":\"task\",\"of\":null}\n{\"type\":\"team\",\"of\":{\"id\":7}}\n";
    assert!(given(&format!("{right}{silent}{right}")).ok());
    assert!(given(silent).ok() && given("").ok(), "there may be none");
    for wrong in [other.clone(), format!("{right}{silent}{other}")] {
        assert_eq!(given(&wrong).code(), Some("wrong_organization"), "{wrong}");
    }
}

#[test]
fn one_of_several_places_is_enough() {
    let identity = Identity { or: vec!["/realm/0/name".to_owned()], ..identity("/realm/0/number", Saying::Usual) };
    let content = Content { inner: Inner::Document, identity: vec![identity], ..Content::default() };
    let read = |realm: &str| read_as(format!("{{\"realm\":[{realm}]}}").as_bytes(), Format::Json, false, &content);
    assert!(read("{\"number\":2,\"name\":\"1331\"}").ok() && read("{\"number\":1331,\"name\":\"\"},{}").ok());
    let report = read("{\"number\":2,\"name\":\"x\"},{\"number\":1331}");
    assert_eq!(report.code(), Some("wrong_organization"), "the second row is not asked");
    assert_eq!(report.counts[0].rows, 2);
    assert_eq!(read("").code(), Some("wrong_organization"));
}

#[test]
fn a_member_may_be_named_after_the_tenant() {
    let member = |text: &str| Some(text.to_owned());
    let content = Content {
        identity: vec![Identity { member: member("tree/{organization}.json"), ..identity("/id", Saying::Usual) }],
        members: vec![MemberRule { member: "tree/*.json".to_owned(), inner: Inner::Json, ..MemberRule::default() }],
        ..Content::default()
    };
    let read = |members: &[(&str, &str)]| read_as(&tar(members), Format::Tar, false, &content);
    let below = ("./tree/7.json", "{\"id\":7}");
    assert!(read(&[below, ("./tree/1331.json", "{\"id\":1331}")]).ok());
    for wrong in [&[below][..], &[("tree/1331.json", "{\"id\":7}")], &[("tree/organization.json", "{\"id\":1331}")]] {
        assert_eq!(read(wrong).code(), Some("wrong_organization"), "{wrong:?}");
    }
}
