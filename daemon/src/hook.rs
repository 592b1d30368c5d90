//! Hooks: commands and URLs that are told what happens. Nothing that a hook does or fails to do
//! changes an export: its fault is a line in the log.

mod command;
mod notice;
mod ping;

use std::sync::Arc;

use orgvault_config::{Config, HookAction, HookConfig};
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::ping::Pinger;
use crate::lifecycle::Vital;

pub use self::notice::Notice;

/// Calls that wait. A run of thousands of organizations whose hook hangs must not fill the memory:
/// what comes after is dropped, and said.
const WAITING: usize = 4096;

/// Calls at the same time.
const CALLERS: usize = 4;

/// A handle to the hooks. Cheap to clone.
#[derive(Clone)]
pub struct Hooks {
    config: watch::Receiver<Arc<Config>>,
    calls: mpsc::Sender<Call>,
}

/// One hook that is called.
struct Call {
    hook: HookConfig,
    notice: Notice,
}

impl Hooks {
    /// Starts the callers. After `stop` they go on until nothing waits, or `abort`.
    #[must_use]
    pub fn start(
        config: watch::Receiver<Arc<Config>>,
        tracker: &TaskTracker,
        vital: &Vital,
        stop: &CancellationToken,
        abort: &CancellationToken,
    ) -> Self {
        let (calls, waiting) = mpsc::channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let pinger = Arc::new(Pinger::default());
        for _ in 0..CALLERS {
            let caller = Caller { waiting: Arc::clone(&waiting), pinger: Arc::clone(&pinger), stop: stop.clone() };
            let (abort, vital) = (abort.clone(), vital.clone());
            tracker.spawn(async move {
                let calling = async {
                    abort.run_until_cancelled(caller.call_all()).await;
                };
                vital.endless("a caller of hooks", calling).await;
            });
        }
        Self { config, calls }
    }

    /// Calls each hook that asks for it. Returns at once.
    #[expect(clippy::needless_pass_by_value, reason = "a notice is made for being fired")]
    pub fn fire(&self, notice: Notice) {
        let config = self.config.borrow().clone();
        for hook in config.hooks.iter().filter(|hook| notice.is_for(hook)) {
            let call = Call { hook: hook.clone(), notice: notice.clone() };
            if let Err(error) = self.calls.try_send(call) {
                tracing::error!(hook = hook.name, event = notice.event().name(), "not called: {error}");
            }
        }
    }
}

struct Caller {
    waiting: Arc<Mutex<mpsc::Receiver<Call>>>,
    pinger: Arc<Pinger>,
    stop: CancellationToken,
}

impl Caller {
    async fn call_all(self) {
        while let Some(call) = self.next().await {
            call.make(&self.pinger).await;
        }
    }

    async fn next(&self) -> Option<Call> {
        let mut waiting = self.waiting.lock().await;
        tokio::select! {
            biased;
            call = waiting.recv() => call,
            () = self.stop.cancelled() => None,
        }
    }
}

impl Call {
    async fn make(&self, pinger: &Pinger) {
        let Self { hook, notice } = self;
        let (name, event) = (&hook.name, notice.event().name());
        let made = match &hook.action {
            HookAction::Command { argv, shell, environment } => {
                let own = environment.reveal().map(|(name, value)| (name.to_owned(), value.to_owned()));
                let told = notice.variables().map(|(name, value)| (name.to_owned(), value));
                let ran = command::run(argv, *shell, own.chain(told), hook.timeout).await;
                ran.map_err(|error| error.to_string())
            }
            HookAction::Ping { url } => pinger.ping(url, notice, hook.timeout).await.map_err(|error| error.to_string()),
        };
        match made {
            Ok(output) => tracing::info!(hook = name, event, output, "hook was called"),
            Err(error) => tracing::warn!(hook = name, event, "hook failed: {error}"),
        }
    }
}
