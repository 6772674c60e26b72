use super::*;

fn side(desk: &Desk) -> ControlClient {
    ControlClient::open(&desk.path()).unwrap()
}

#[tokio::test]
async fn what_is_asked_from_beside_is_seen_by_the_writer() {
    let (desk, claims) = Desk::with(&["a"]).await;
    desk.store.release(claims.into_iter().map(|claim| claim.lease).collect()).await.unwrap();
    assert!(desk.store.has_external_write().await.unwrap(), "the first look sees all there is");
    desk.store.sync_sources(&[source("a")], desk.now).await.unwrap();
    assert!(!desk.store.has_external_write().await.unwrap(), "its own writes are none");
    assert_eq!(side(&desk).pause("a").unwrap(), ControlOutcome::Done);
    assert!(desk.store.has_external_write().await.unwrap());
    assert!(!desk.store.has_external_write().await.unwrap());
    assert!(desk.store.claim_sources(desk.now, 10, None).await.unwrap().is_empty());
    assert!(matches!(side(&desk).pause("a").unwrap(), ControlOutcome::Refused(_)));
    // Neither a reload nor a restart resumes it; being switched off and on in the configuration neither.
    desk.store.sync_sources::<Source>(&[], desk.now).await.unwrap();
    desk.store.sync_sources(&[source("a")], desk.now).await.unwrap();
    let desk = desk.restart();
    assert!(desk.store.claim_sources(desk.now, 10, None).await.unwrap().is_empty());
    assert_eq!(side(&desk).resume("a").unwrap(), ControlOutcome::Done);
    assert_eq!(desk.store.claim_sources(desk.now, 10, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn p18_a_rest_the_server_asked_for_yields_to_force_only() {
    let (mut desk, _) = Desk::with(&["a"]).await;
    let host: String = desk.strings("SELECT host FROM source").remove(0);
    let until = time::ms(desk.now) + 3_600_000;
    desk.sql()
        .execute("UPDATE host SET backoff_until = ?1, retry_after = ?1 WHERE name = ?2", params![until, host])
        .unwrap();
    let refused = side(&desk).poll("a", false, desk.now).unwrap();
    assert!(matches!(&refused, ControlOutcome::Refused(why) if why.contains("--force")), "{refused:?}");
    assert_eq!(side(&desk).poll("a", true, desk.now).unwrap(), ControlOutcome::Done);
    assert_eq!(desk.number("SELECT backoff_until + retry_after FROM host WHERE name <> ''"), 0);
    let requests = desk.store.control_requests().await.unwrap();
    assert_eq!([&*requests[0].command, &*requests[0].argument], ["wake", &*host]);
    desk.store.answer_request(requests[0].id, "done".into()).await.unwrap();
    assert!(desk.store.control_requests().await.unwrap().is_empty());
    desk.pass(1);
    assert!(
        matches!(side(&desk).poll("b", false, desk.now).unwrap(), ControlOutcome::Unknown(names) if names == ["a"])
    );
}
