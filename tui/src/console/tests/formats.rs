//! In which formats organizations are exported.

use orgvault_api::{ExportRequest, Format};

use super::stage::Stage;
use crate::console::{
    message::{Ask, Effect, News},
    model::{Dialog, Formats},
};

const SIZE: (u16, u16) = (80, 24);

fn picker(stage: &Stage) -> &Formats {
    match &stage.model.dialog {
        Some(Dialog::Formats(formats)) => formats,
        other => panic!("no picker but {other:?}"),
    }
}

#[test]
fn export_asks_for_the_marked_in_the_picked_formats() {
    let mut stage = Stage::up(SIZE);
    stage.press("/wayne<enter><space><esc>/acme<enter><space><esc>e");
    let request = ExportRequest {
        organizations: ["acme", "wayne"].map(|name| format!("tracker/organization/id:id-{name}")).into(),
        formats: vec![Format::Csv],
        gzip: true,
        ..ExportRequest::default()
    };
    assert_eq!(stage.effects_of("jj<space>G<space><enter>"), [Effect::Ask(Ask::Export(request))]);
    assert!(stage.model.dialog.is_none());
}

#[test]
fn only_what_every_source_offers_can_be_picked() {
    let mut stage = Stage::up(SIZE);
    stage.press("e");
    assert_eq!(picker(&stage).offered, [Format::Json, Format::Csv]);
    assert_eq!(picker(&stage).usual, Some(Format::Json));
    assert!(stage.screen().contains("the product's default, json"), "{}", stage.screen());
    let data = &stage.model.data;
    assert_eq!(data.formats(["time"].into_iter()), (vec![Format::Json, Format::Zip], Some(Format::Zip)));
    assert_eq!(data.formats(["tracker", "time"].into_iter()), (vec![Format::Json], None));
}

#[test]
fn every_format_can_be_picked_where_the_daemon_does_not_tell() {
    let mut stage = Stage::up(SIZE);
    let unknown = super::stage::fault("unknown_route", "there is nothing at this path", "");
    stage.model.data.sources.value = None;
    stage.tell(News::Answer(Ask::Sources, Err(unknown)));
    assert_eq!(stage.model.toasts.len(), 0);
    stage.press("e");
    assert_eq!((picker(&stage).offered.as_slice(), picker(&stage).usual), (&Format::ALL[..], None));
}

#[test]
fn formats_are_completed_and_chosen_by_command() {
    let mut stage = Stage::up(SIZE);
    stage.press(":export c<tab><enter>");
    assert_eq!(picker(&stage).chosen, [Format::Csv]);
    stage.press("<esc>:export seed<enter>");
    assert!(stage.model.dialog.is_none());
    let told = &stage.model.toasts.back().unwrap().text;
    assert!(told.ends_with("is not offered as seed, but as json, csv"), "{told}");
}
