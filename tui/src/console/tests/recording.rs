//! The recording in the README: played on the made-up terminal and drawn as an SVG whose frames
//! follow each other. `scripts/record.sh` writes it; the test keeps it true.

use std::{fmt::Write, fs, path::Path};

use orgvault_api::Event;
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};

use super::{
    fixtures::{finished, running},
    stage::{Stage, terminal},
};
use crate::console::{
    message::News,
    theme::{Choice, Theme},
};

/// Columns and rows.
const SIZE: (u16, u16) = (92, 24);
/// The size of a cell, in pixels.
const CELL: (f32, f32) = (8.4, 18.0);
const BACKGROUND: &str = "#1a1b26";
const FOREGROUND: &str = "#c0caf5";

/// What is pressed, how long the result stays, in seconds, and what happens before it.
type Scene = (&'static str, f32, fn(&mut Stage));

fn nothing(_: &mut Stage) {}

fn progress(stage: &mut Stage, rows: u64) {
    stage.now += chrono::TimeDelta::seconds(2);
    let export = Box::new(running(90, "globex", rows));
    stage.tell(News::Changes(vec![Event::Export { export }]));
}

const SCENES: [Scene; 14] = [
    ("", 2.5, nothing),
    ("/", 0.8, nothing),
    ("acm", 1.2, nothing),
    ("<enter><enter>", 2.5, nothing),
    ("L", 2.0, nothing),
    ("c", 2.5, nothing),
    ("q<enter>", 2.5, nothing),
    ("j<enter>", 2.0, nothing),
    ("jj<enter>", 2.0, nothing),
    ("2", 1.2, nothing),
    ("", 1.2, |stage| progress(stage, 21_000)),
    ("", 1.2, |stage| progress(stage, 34_000)),
    ("", 2.0, |stage| stage.tell(News::Changes(vec![Event::Export { export: Box::new(finished(90, "globex")) }]))),
    ("3", 3.0, nothing),
];

#[test]
fn the_recording_is_what_the_console_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/console.svg");
    let recorded = record();
    if std::env::var_os("RECORD").is_some() {
        fs::write(&path, &recorded).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == recorded, "docs/console.svg shows another console: scripts/record.sh makes it anew");
}

fn record() -> String {
    let mut stage = Stage::up(SIZE);
    stage.model.setup.theme = Theme::load(&Choice::BuiltIn("dark"), false).unwrap();
    let total: f32 = SCENES.iter().map(|(_, seconds, _)| seconds).sum();
    let (width, height) = (f32::from(SIZE.0) * CELL.0 + 16.0, f32::from(SIZE.1) * CELL.1 + 16.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace,Menlo,Consolas,monospace\" font-size=\"14\" fill=\"{FOREGROUND}\">\n\
         <style>.f{{opacity:0;animation:{total}s step-end infinite}}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    let mut at = 0.0;
    for (number, (keys, seconds, before)) in SCENES.iter().enumerate() {
        before(&mut stage);
        stage.press(keys);
        let (from, to) = (at / total * 100.0, (at + seconds) / total * 100.0);
        writeln!(
            svg,
            "<style>@keyframes f{number}{{0%{{opacity:{}}}{from:.2}%{{opacity:1}}{to:.2}%{{opacity:0}}}}</style>",
            u8::from(number == 0)
        )
        .unwrap();
        writeln!(svg, "<g class=\"f\" style=\"animation-name:f{number}\" transform=\"translate(8 8)\">").unwrap();
        frame(&mut svg, terminal(&stage.model).backend().buffer());
        svg.push_str("</g>\n");
        at += seconds;
        stage.wait(2);
    }
    svg.push_str("</svg>\n");
    svg
}

/// One frame: in each line, runs of cells that look alike.
fn frame(svg: &mut String, buffer: &Buffer) {
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let first = &buffer[(x, y)];
            let alike = |cell: &Cell| (cell.fg, cell.modifier) == (first.fg, first.modifier);
            let end = (x..buffer.area.width).find(|at| !alike(&buffer[(*at, y)])).unwrap_or(buffer.area.width);
            run(svg, buffer, (x, end), y);
            x = end;
        }
    }
}

fn run(svg: &mut String, buffer: &Buffer, (from, end): (u16, u16), y: u16) {
    let first = &buffer[(from, y)];
    let (top, colour) = (f32::from(y) * CELL.1, hex(first.fg));
    let reversed = first.modifier.contains(Modifier::REVERSED);
    if reversed {
        let (left, wide) = (f32::from(from) * CELL.0, f32::from(end - from) * CELL.0);
        let height = CELL.1;
        writeln!(svg, "<rect x=\"{left:.1}\" y=\"{top}\" width=\"{wide:.1}\" height=\"{height}\" fill=\"{colour}\"/>")
            .unwrap();
    }
    let fill = if reversed { BACKGROUND } else { colour.as_str() };
    let bold = if first.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let mut x = from;
    while x < end {
        let (word, columns) = word(buffer, (x, end), y);
        if !word.is_empty() {
            let (left, base, wide) = (f32::from(x) * CELL.0, top + 13.0, f32::from(columns) * CELL.0);
            // Its length is said, so that it stays in its columns whatever font is there.
            writeln!(
                svg,
                "<text x=\"{left:.1}\" y=\"{base}\" textLength=\"{wide:.1}\" fill=\"{fill}\"{bold}>{word}</text>"
            )
            .unwrap();
        }
        x += columns.max(1);
    }
}

/// What is written from the first of these columns on, up to a blank.
fn word(buffer: &Buffer, (from, end): (u16, u16), y: u16) -> (String, u16) {
    let mut word = String::new();
    let mut x = from;
    while x < end && buffer[(x, y)].symbol() != " " {
        let symbol = buffer[(x, y)].symbol();
        word.push_str(symbol);
        x += u16::try_from(crate::console::words::width(symbol).max(1)).unwrap();
    }
    (word.replace('&', "&amp;").replace('<', "&lt;"), x - from)
}

fn hex(colour: Color) -> String {
    match colour {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        _ => FOREGROUND.to_owned(),
    }
}
