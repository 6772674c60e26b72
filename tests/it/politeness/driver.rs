//! Polls and collects without the daemon: the real fetcher and a real database, at whatever time a test says it is.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use cuttings::collect::{self, PageReport};
use cuttings::config::{self, Config, Source};
use cuttings::fetch::{self, Fetcher, Lookup};
use cuttings::model::SourceId;
use cuttings::poll::{self, PollReport};
use cuttings::store::{
    BackfillPlan, ControlClient, ControlOutcome, MaintenanceWriter, Reader, SourceStatus, Store,
};
use futures_util::future::join_all;

/// When the tests begin: a Tuesday.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub(crate) fn minutes(number: i64) -> Duration {
    Duration::minutes(number)
}

pub(crate) fn hours(number: i64) -> Duration {
    Duration::hours(number)
}

/// A run of the program without its loop.
pub(crate) struct Driver {
    folder: tempfile::TempDir,
    store: Store,
    fetcher: Fetcher,
    config: Arc<Config>,
    sources: HashMap<i64, Arc<Source>>,
}

/// Every name is on loopback.
struct AllAt(IpAddr);

impl Lookup for AllAt {
    fn lookup(&self, _: String) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>> {
        let address = self.0;
        Box::pin(async move { Ok(vec![address]) })
    }
}

impl Driver {
    /// Starts with an empty database.
    pub(crate) async fn start(config: &str, now: DateTime<Utc>) -> Self {
        // In memory where the system has such a folder: a week of polls commits ten thousand times.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Self::begin(folder.unwrap(), config, now).await
    }

    /// Stops, and starts again with this configuration: nothing but the database is left of before.
    pub(crate) async fn restart(self, config: &str, now: DateTime<Utc>) -> Self {
        let Self { folder, store, .. } = self;
        store.close().await.unwrap();
        drop(store);
        Self::begin(folder, config, now).await
    }

    async fn begin(folder: tempfile::TempDir, text: &str, now: DateTime<Utc>) -> Self {
        fetch::install_crypto();
        let loaded =
            config::load_text("cuttings.toml", text).unwrap_or_else(|faults| panic!("{faults}\n{text}"));
        let config = Arc::new(loaded.config);
        let store = Store::open(&Self::database(folder.path()), now).unwrap();
        let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
        let names = Arc::new(AllAt("127.0.0.2".parse().unwrap()));
        let fetcher = Fetcher::with_resolver(&config.fetch, &config.politeness, user_agent, names).unwrap();
        let ledger = store.host_states(now).await.unwrap();
        fetcher.restore_robots(&ledger.robots);
        fetcher.restore_hosts(&ledger.not_before, now);
        let rows = store.apply_config(&config.sources, config.politeness.scope, now).await.unwrap();
        let sources = rows
            .into_iter()
            .zip(&config.sources)
            .map(|((SourceId(id), _), source)| (id, Arc::clone(source)))
            .collect();
        Self { folder, store, fetcher, config, sources }
    }

    fn database(folder: &Path) -> std::path::PathBuf {
        folder.join("cuttings.db")
    }

    /// Polls everything that is due.
    pub(crate) async fn polls(&self, now: DateTime<Utc>) -> Vec<PollReport> {
        let mut reports = Vec::new();
        loop {
            let claims = self.store.claim_sources(now, 100, None).await.unwrap();
            if claims.is_empty() {
                return reports;
            }
            let claims = claims.into_iter().map(|claim| (Arc::clone(&self.sources[&claim.id.0]), claim));
            let groups = poll::group_by_address(claims).into_iter();
            let polls = groups.map(|group| poll::poll(&self.store, &self.fetcher, &self.config, group, now));
            for polled in join_all(polls).await {
                reports.extend(polled.unwrap());
            }
        }
    }

    /// Collects every page that is ready, host by host with the gap between; half a minute later, for what a poll took.
    pub(crate) async fn pages(&self, mut now: DateTime<Utc>) -> Vec<PageReport> {
        now += Duration::seconds(30);
        let gap = self.config.politeness.host_gap;
        let mut reports = Vec::new();
        loop {
            let claims = self.store.claim_entries(now, 100, gap).await.unwrap();
            if claims.is_empty() {
                return reports;
            }
            let steps = claims.into_iter().map(|claim| {
                let source = &self.sources[&claim.source.0];
                collect::collect(&self.store, &self.fetcher, &self.config, source, claim, now)
            });
            reports.extend(join_all(steps).await.into_iter().map(Result::unwrap));
            now += gap;
        }
    }

    /// Polls the one source there is, which must be due.
    pub(crate) async fn poll(&self, now: DateTime<Utc>) -> PollReport {
        let mut reports = self.polls(now).await;
        assert_eq!(reports.len(), 1, "one source is due at {now}");
        reports.remove(0)
    }

    /// Drops what the sources keep no longer.
    pub(crate) async fn prune(&self, now: DateTime<Utc>) {
        while self.store.prune(now).await.unwrap().more {}
    }

    /// Settles articles whose pages do not come.
    pub(crate) async fn settle(&self, now: DateTime<Utc>) {
        while self.store.settle_overdue(now).await.unwrap() {}
    }

    /// What `cuttings export --format jsonl` prints with these options.
    pub(crate) fn exported(&self, more: &[&str]) -> Vec<serde_json::Value> {
        let words = ["export", "--quiet", "--format", "jsonl", "--database"];
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_cuttings"))
            .args(words)
            .arg(Self::database(self.folder.path()))
            .args(more)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The first cell of a query, as text.
    pub(crate) fn one(&self, query: &str) -> String {
        self.rows(query).into_iter().flatten().next().unwrap_or_default()
    }

    /// Asks for what the first poll of a source recorded as seen.
    pub(crate) fn backfill(
        &self,
        name: &str,
        since: DateTime<Utc>,
        dry_run: bool,
        now: DateTime<Utc>,
    ) -> Result<BackfillPlan, ControlOutcome> {
        let mut client = ControlClient::open(&Self::database(self.folder.path())).unwrap();
        client.backfill(name, since, dry_run, now).unwrap()
    }

    /// Deletes an article, as a person does.
    pub(crate) fn delete(&self, article: i64, now: DateTime<Utc>) {
        let mut writer = MaintenanceWriter::open(&Self::database(self.folder.path())).unwrap();
        assert!(writer.delete(article, now).unwrap(), "article {article} was deleted before");
    }

    /// The article that a person names.
    pub(crate) fn find(&self, name: &str) -> i64 {
        let reader = Reader::open(&Self::database(self.folder.path())).unwrap();
        reader.find_article(name).unwrap().unwrap()
    }

    /// The rows of a query, each cell as text.
    pub(crate) fn rows(&self, query: &str) -> Vec<Vec<String>> {
        crate::workspace::rows(&self.open(), query)
    }

    /// How a source does.
    pub(crate) fn status(&self, name: &str, now: DateTime<Utc>) -> SourceStatus {
        let reader = Reader::open(&Self::database(self.folder.path())).unwrap();
        let all = reader.sources_status(now).unwrap();
        all.into_iter().find(|status| status.name == name).unwrap()
    }

    /// The first cell of a query, as a number; 0 where there is none.
    pub(crate) fn number(&self, query: &str) -> i64 {
        use rusqlite::OptionalExtension as _;
        self.open().query_row(query, [], |row| row.get(0)).optional().unwrap().unwrap_or(0)
    }

    fn open(&self) -> rusqlite::Connection {
        let path = Self::database(self.folder.path());
        rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    /// A counter, of all sources together.
    pub(crate) fn counter(&self, name: &str) -> i64 {
        self.number(&format!("SELECT coalesce(sum(value), 0) FROM counter WHERE name = '{name}'"))
    }
}

/// A configuration for presses on loopback: these sources, each with more lines.
pub(crate) fn config(more: &str, sources: &[(&str, String, &str)]) -> String {
    let mut text = format!(
        "[politeness]\nhost_gap = \"10ms\"\nimpolite = true\n{more}\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n\
         [daemon]\ncontact = \"https://press.example/bot\"\n"
    );
    for (name, feed, lines) in sources {
        text.push_str(&format!("[[source]]\nname = \"{name}\"\nfeed = \"{feed}\"\n{lines}\n"));
    }
    text
}
