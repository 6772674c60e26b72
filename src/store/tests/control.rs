use super::*;

fn side(fixture: &StoreFixture) -> ControlClient {
    ControlClient::open(&fixture.path()).unwrap()
}

#[tokio::test]
async fn what_is_asked_from_beside_is_seen_by_the_writer() {
    let (fixture, claims) = StoreFixture::with(&["a"]).await;
    fixture.store.release(claims.into_iter().map(|claim| claim.lease).collect()).await.unwrap();
    assert!(fixture.store.has_external_write().await.unwrap(), "the first look sees all there is");
    fixture.store.sync_sources(&[source("a")], fixture.now).await.unwrap();
    assert!(!fixture.store.has_external_write().await.unwrap(), "its own writes are none");
    assert_eq!(side(&fixture).pause("a").unwrap(), ControlOutcome::Done);
    assert!(fixture.store.has_external_write().await.unwrap());
    assert!(!fixture.store.has_external_write().await.unwrap());
    assert!(fixture.store.claim_sources(fixture.now, 10, None).await.unwrap().is_empty());
    assert!(matches!(side(&fixture).pause("a").unwrap(), ControlOutcome::Refused(_)));
    // Neither a reload nor a restart resumes it; being switched off and on in the configuration neither.
    fixture.store.sync_sources::<Source>(&[], fixture.now).await.unwrap();
    fixture.store.sync_sources(&[source("a")], fixture.now).await.unwrap();
    let fixture = fixture.restart();
    assert!(fixture.store.claim_sources(fixture.now, 10, None).await.unwrap().is_empty());
    assert_eq!(side(&fixture).resume("a").unwrap(), ControlOutcome::Done);
    assert_eq!(fixture.store.claim_sources(fixture.now, 10, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn p18_a_rest_the_server_asked_for_yields_to_force_only() {
    let (mut fixture, _) = StoreFixture::with(&["a"]).await;
    let host: String = fixture.strings("SELECT host FROM source").remove(0);
    let until = time::ms(fixture.now) + 3_600_000;
    fixture
        .sql()
        .execute("UPDATE host SET backoff_until = ?1, retry_after = ?1 WHERE name = ?2", params![until, host])
        .unwrap();
    let refused = side(&fixture).poll("a", false, fixture.now).unwrap();
    assert!(matches!(&refused, ControlOutcome::Refused(why) if why.contains("--force")), "{refused:?}");
    assert_eq!(side(&fixture).poll("a", true, fixture.now).unwrap(), ControlOutcome::Done);
    assert_eq!(fixture.number("SELECT backoff_until + retry_after FROM host WHERE name <> ''"), 0);
    let requests = fixture.store.control_requests().await.unwrap();
    assert_eq!([&*requests[0].command, &*requests[0].argument], ["wake", &*host]);
    fixture.store.answer_request(requests[0].id, "done".into()).await.unwrap();
    assert!(fixture.store.control_requests().await.unwrap().is_empty());
    fixture.pass(1);
    assert!(
        matches!(side(&fixture).poll("b", false, fixture.now).unwrap(), ControlOutcome::Unknown(names) if names == ["a"])
    );
}
