//! Measures a source alone: `cargo run --release --example read URL ORGANIZATION [TIMES]` reads
//! every section of a RyTask organization, throws the rows away, and prints time and CPU.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use orgvault_config::{SecretUrl, SourceConfig, Tls};
use orgvault_daemon::{
    product::Products,
    row::{Message, RowSink},
    source::Source,
};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

fn cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let ticks: f64 = stat.split(' ').skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "it is the output of a measurement")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("which URL?")?;
    let organization = arguments.next().context("which organization?")?;
    let times = arguments.next().map_or(Ok(1), |times| times.parse())?;
    let limit = Duration::from_mins(10);
    let config = SourceConfig {
        tls: Tls::AsUrl,
        connect_timeout: limit,
        statement_timeout: limit,
        first_row_timeout: limit,
        stall_timeout: limit,
        export_timeout: limit,
        ..SourceConfig::new("measured".to_owned(), "rytask".to_owned(), SecretUrl::new(url))
    };
    let products = Products::embedded()?;
    let definition = Arc::clone(products.get("rytask").context("the embedded definition")?);
    let sections = definition.sections.len();
    let source = Source::new(config, definition, TaskTracker::new())?;
    for _ in 0..times {
        let (begun, busy) = (Instant::now(), cpu()?);
        let mut snapshot = source.snapshot(&organization).await?;
        let opened = begun.elapsed();
        snapshot.counts().await?;
        snapshot.warnings().await?;
        let counted = begun.elapsed();
        let (queue, mut messages) = mpsc::channel(4);
        let sink = RowSink::new(queue);
        let reading = async {
            let mut rows = 0;
            for section in 0..sections {
                rows += snapshot.rows(section, &sink).await?;
            }
            drop(sink);
            anyhow::Ok(rows)
        };
        let dropping = async {
            let mut bytes = 0;
            while let Some(message) = messages.recv().await {
                if let Message::Rows(block) = message {
                    bytes += block.len();
                }
            }
            bytes
        };
        let (rows, bytes) = tokio::join!(reading, dropping);
        let rows = rows?;
        snapshot.finish().await?;
        let took = begun.elapsed();
        println!(
            "{rows} rows, {bytes} bytes: opened {opened:?}, counted {counted:?}, all {took:?}, CPU {:.2} s",
            cpu()? - busy
        );
    }
    source.close().await;
    Ok(())
}
