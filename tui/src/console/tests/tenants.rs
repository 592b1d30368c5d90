//! Two kinds of a source may have the same ids, and a tenant can change its name and its slug: an
//! organization is told apart by source, kind and id together, and by nothing else.

use orgvault_api::{Archive, Event, OrganizationKey};

use super::{
    fixtures::{self, archive, gid, organization_key},
    stage::{Stage, fault},
};
use crate::{
    console::{
        message::{Ask, Effect, News, Reply, RequestFault},
        model::Dialog,
        screens::Screen,
    },
    names,
};

const SIZE: (u16, u16) = (80, 24);

/// Of another kind than `acme`, with its id.
fn team() -> OrganizationKey {
    OrganizationKey { kind: "team".to_owned(), ..organization_key("acme") }
}

/// `acme` with another name and slug.
fn renamed() -> OrganizationKey {
    OrganizationKey { id: organization_key("acme").id, ..organization_key("acme-2") }
}

fn of(organization: OrganizationKey, number: u64) -> Archive {
    Archive { organization, ..archive(number, 7, 0) }
}

fn answer(ask: &Ask) -> Result<Reply, RequestFault> {
    match ask {
        Ask::Archives(key) if key.kind == "team" => Ok(Reply::Archives(vec![of(team(), 77), of(team(), 76)])),
        Ask::Archives(_) => Ok(Reply::Archives(vec![of(renamed(), 80), of(team(), 79), archive(78, 14, 0)])),
        Ask::Organizations => {
            let mut organizations = fixtures::organizations();
            let team = organizations.iter().find(|one| one.key.slug == "acme").cloned();
            organizations.extend(team.map(|one| orgvault_api::Organization { key: team_called("crew"), ..one }));
            Ok(Reply::Organizations(organizations, Vec::new()))
        }
        other => fixtures::answer(other),
    }
}

fn team_called(slug: &str) -> OrganizationKey {
    OrganizationKey { slug: slug.to_owned(), name: slug.to_owned(), ..team() }
}

fn stage() -> Stage {
    let mut stage = Stage::started(SIZE);
    stage.answer = answer;
    stage.connect(&fixtures::status(orgvault_api::Role::Owner))
}

fn told(organization: OrganizationKey) -> News {
    News::Changes(vec![Event::Archive { gid: gid(81), organization: Box::new(organization) }])
}

#[test]
fn news_of_another_kind_with_the_same_id_is_not_about_this_one_and_news_of_a_renamed_one_is() {
    let mut stage = stage();
    stage.press("/acme<enter><enter>").effects.clear();
    stage.tell(told(team()));
    assert_eq!(stage.effects, []);
    stage.tell(told(renamed()));
    assert_eq!(stage.effects, [Effect::Ask(Ask::Archives(organization_key("acme").tenant()))]);
}

#[test]
fn an_archive_is_compared_with_one_of_the_same_organization() {
    let mut stage = stage();
    stage.press("/acme<enter><enter>c");
    let Screen::Compare(screen) = &stage.model.screen else { panic!("another screen") };
    assert_eq!((screen.left, screen.right), (gid(78), gid(80)), "79 is of another kind");
}

#[test]
fn the_way_to_an_archive_of_another_kind_does_not_tell_what_was_before() {
    let mut stage = stage();
    stage.press("/crew<enter><enter>:80<enter>");
    stage.answer = |ask| match ask {
        Ask::Compare(..) => Err(fault("not_now", "", "")),
        other => answer(other),
    };
    assert_eq!(stage.effects_of("c"), [], "77 is of a team");
}

#[test]
fn each_of_two_kinds_with_one_id_is_marked_and_exported_by_itself() {
    let mut stage = stage();
    stage.press("/crew<enter><space>e");
    let Some(Dialog::Formats(formats)) = &stage.model.dialog else { panic!("no dialog") };
    assert_eq!(formats.organizations, ["tracker/team/id:id-acme"]);
    assert_ne!(names::exact(&organization_key("acme").tenant()), names::exact(&team().tenant()));
    assert_eq!(
        names::exact(&organization_key("acme").tenant()),
        "tracker/organization/id:id-acme",
        "no slug is taken for it"
    );
}
