//! Hashcode containers, and ASiC-S.

use std::io::Cursor;

use countersign_container::asice::zip_reader::{ZipEntry, ZipReader};
use countersign_container::{
    Container, Error, EvidenceReport, FileName, Form, Indication, Level, Method, Policy, SignatureTemplate,
    SubIndication, validate,
};
use countersign_pki::algorithm::Digest;
use countersign_pki::tsp::TimeStampToken;
use jiff::Timestamp;

use crate::forge::{Forgery, SIGNATURES};
use crate::make::{FILES, extend, request, sign, signed, unsigned};
use crate::raw_zip::{RawEntry, RawZip};
use crate::world::{TimeStampSpec, WORLD, lt, noon, seconds, xml_signature};

const SHA256: &str = "META-INF/hashcodes-sha256.xml";
const SHA512: &str = "META-INF/hashcodes-sha512.xml";

fn hashcode() -> Container {
    let mut container = Container::of_form(Form::Hashcode);
    for (name, media_type, content) in FILES {
        let sha256 = Digest::Sha256.of(content).try_into().unwrap();
        let sha512 = Digest::Sha512.of(content).try_into().unwrap();
        let name = FileName::parse(name).unwrap();
        container.add_hashcode(name, media_type, content.len() as u64, sha256, Some(sha512), noon()).unwrap();
    }
    container
}

fn is_valid(container: &Container) -> bool {
    validate(container, &WORLD.anchors(), noon() + seconds(3600), &lt()).is_valid()
}

fn names(bytes: &[u8]) -> Vec<String> {
    let archive = ZipReader::open(Cursor::new(bytes), &Default::default());
    archive.unwrap().entries().iter().map(|entry| entry.name.clone()).collect()
}

#[test]
fn digests_are_signed_and_the_data_is_put_in_afterwards() {
    let mut container = hashcode();
    let mut signature = {
        let template =
            SignatureTemplate::new(&request(&container, &WORLD.signer, &WORLD.signer_key)).unwrap();
        template.finish(&xml_signature(&WORLD.signer_key, template.dtbs())).unwrap()
    };
    extend(&container, &mut signature, Level::Lt);
    container.add_signature(&signature, noon()).unwrap();
    let bytes = container.to_bytes().unwrap();
    assert_eq!(names(&bytes), ["mimetype", "META-INF/manifest.xml", SHA256, SHA512, SIGNATURES]);

    let mut opened = Container::from_bytes(&bytes).unwrap();
    assert_eq!((opened.form(), opened.data_files().len()), (Form::Hashcode, 2));
    let report = validate(&opened, &WORLD.anchors(), noon() + seconds(3600), &lt());
    assert!(report.is_valid(), "{report}");
    assert_eq!(report.signature_form.as_deref(), Some("ASiC-E_hashcode"));
    let scopes = report.signatures[0].signature_scopes.iter().map(|scope| scope.scope.as_str());
    assert!(scopes.clone().all(|scope| scope == "DigestSignatureScope"), "{:?}", scopes.collect::<Vec<_>>());
    assert!(matches!(opened.read_data_file(FILES[0].0), Err(Error::DataNotHere { .. })));
    assert!(matches!(opened.digest_data_file(FILES[0].0, Digest::Sha384), Err(Error::DataNotHere { .. })));

    let wrong = opened.attach(FILES[0].0, Cursor::new(b"Kakskummend eurod\n"), noon());
    assert!(matches!(wrong, Err(Error::DoesNotCover { .. })), "{wrong:?}");
    let unknown = opened.attach("other", Cursor::new(b""), noon());
    assert!(matches!(unknown, Err(Error::NoSuchDataFile { .. })));
    opened.attach(FILES[1].0, Cursor::new(FILES[1].2), noon()).unwrap();
    assert!(matches!(opened.to_bytes(), Err(Error::Hashcodes { .. })), "half of it is here");
    opened.attach(FILES[0].0, Cursor::new(FILES[0].2), noon()).unwrap();
    assert_eq!(opened.form(), Form::AsicE);
    let whole = Container::from_bytes(&opened.to_bytes().unwrap()).unwrap();
    assert!(is_valid(&whole));
    assert_eq!(whole.read_data_file(FILES[0].0).unwrap(), FILES[0].2);
    assert_eq!(whole.form(), Form::AsicE);
}

#[test]
fn a_whole_container_becomes_a_hashcode_container_and_back() {
    let whole = signed(Level::Lt);
    let hashcode = whole.to_hashcode(noon()).unwrap();
    assert_eq!(
        names(&hashcode.to_bytes().unwrap()),
        ["mimetype", "META-INF/manifest.xml", SHA256, SHA512, SIGNATURES]
    );
    let mut hashcode = Container::from_bytes(&hashcode.to_bytes().unwrap()).unwrap();
    assert!(is_valid(&hashcode));
    assert!(matches!(hashcode.to_hashcode(noon()), Err(Error::Hashcodes { .. })));
    for (name, _, content) in FILES {
        hashcode.attach(name, Cursor::new(content), noon()).unwrap();
    }
    let xml = |container: &Container| container.signature_files().unwrap();
    assert_eq!(xml(&hashcode), xml(&whole));
    assert!(is_valid(&hashcode));
}

#[test]
fn an_archive_time_stamp_needs_the_data() {
    let container = signed(Level::Lt).to_hashcode(noon()).unwrap();
    let (_, signature) = container.signatures().unwrap().remove(0);
    let needs = signature.needs(Level::Lta, &crate::make::authorities());
    let [countersign_container::Need::ArchiveTimeStamp { digest, input }] = &needs[..] else { panic!() };
    assert!(matches!(container.archive_imprint(input, *digest), Err(Error::DataNotHere { .. })));
    // One that has an archive time-stamp already is read, and is not validated as LTA without the data.
    let archived = signed(Level::Lta).to_hashcode(noon()).unwrap();
    let policy = |required_level| Policy { required_level, ..lt() };
    let now = noon() + seconds(3600);
    assert!(validate(&archived, &WORLD.anchors(), now, &policy(Level::Lt)).is_valid());
    assert!(!validate(&archived, &WORLD.anchors(), now, &policy(Level::Lta)).is_valid());
}

#[test]
fn other_digests_than_signed_are_refused() {
    let list = |content: &[u8]| {
        use base64::Engine as _;
        let entries = FILES.map(|(name, _, honest)| {
            let content = if name == FILES[1].0 { content } else { honest };
            let hash = base64::engine::general_purpose::STANDARD.encode(Digest::Sha256.of(content));
            format!("<file-entry full-path=\"{name}\" hash=\"{hash}\" size=\"{}\"/>", honest.len())
        });
        RawEntry::deflated(SHA256, format!("<hashcodes>{}</hashcodes>", entries.concat()).as_bytes())
    };
    let with = |entry: RawEntry| {
        let mut zip = Forgery::new().lt().zip();
        zip.entries.retain(|entry| FILES.iter().all(|(name, ..)| entry.name != name.as_bytes()));
        zip.entries.insert(2, entry);
        zip
    };
    assert!(is_valid(&Container::from_bytes(&with(list(FILES[1].2)).to_bytes()).unwrap()));
    let other = Container::from_bytes(&with(list(b"abc")).to_bytes()).unwrap();
    let report = validate(&other, &WORLD.anchors(), noon() + seconds(3600), &lt());
    assert_eq!(report.signatures[0].sub_indication, Some(SubIndication::HashFailure), "{report}");
    let refused = |what: &str, zip: &RawZip| {
        let result = Container::from_bytes(&zip.to_bytes()).map(|_| ());
        assert!(
            matches!(result, Err(Error::Hashcodes { .. } | Error::Manifest { .. })),
            "{what}: {result:?}"
        );
    };
    let mut beside = with(list(FILES[1].2));
    beside.entries.insert(1, RawEntry::stored(FILES[1].0, FILES[1].2));
    refused("data beside the list", &beside);
    let mut disagree = with(list(FILES[1].2));
    disagree.entries.push(RawEntry::stored(SHA512, b"<hashcodes/>"));
    refused("lists that disagree", &disagree);
    refused("a list without the files", &with(RawEntry::stored(SHA256, b"<hashcodes/>")));
    refused("no list", &with(RawEntry::stored(SHA256, b"<other/>")));
}

fn time_stamped() -> Container {
    let mut container = Container::of_form(Form::AsicS);
    let name = FileName::parse("vana.ddoc").unwrap();
    container
        .add_data_file(name, "application/octet-stream", b"an older container", Method::Deflated, noon())
        .unwrap();
    let token = TimeStampToken::from_der(&TimeStampSpec::new(b"an older container", noon()).sign()).unwrap();
    container.add_time_stamp_token(&token, noon()).unwrap();
    container
}

#[test]
fn asic_s_holds_one_file_and_its_time_stamp() {
    let container = time_stamped();
    let bytes = container.to_bytes().unwrap();
    assert_eq!(names(&bytes), ["mimetype", "vana.ddoc", "META-INF/timestamp.tst"]);
    let mut opened = Container::from_bytes(&bytes).unwrap();
    assert_eq!(opened.form(), Form::AsicS);
    assert!(opened.remarks().is_empty());
    let token = TimeStampToken::from_der(&opened.time_stamp_token().unwrap().unwrap()).unwrap();
    assert_eq!(token.gen_time(), noon());
    assert_eq!(opened.read_data_file("vana.ddoc").unwrap(), b"an older container");
    let second = opened.add_time_stamp_token(&token, noon());
    assert!(matches!(second, Err(Error::AlreadySigned { .. })));
    let name = || FileName::parse("b").unwrap();
    let add = opened.add_data_file(name(), "a/b", b"", Method::Stored, noon());
    assert!(matches!(add, Err(Error::AlreadySigned { .. })));

    let mut empty = Container::of_form(Form::AsicS);
    assert!(matches!(empty.add_time_stamp_token(&token, noon()), Err(Error::NoDataFiles)));
    let folder = FileName::parse("a/b").unwrap();
    let add = empty.add_data_file(folder, "a/b", b"", Method::Stored, noon());
    assert!(matches!(add, Err(Error::NotAsicS { .. })));
    empty.add_data_file(name(), "a/b", b"", Method::Stored, noon()).unwrap();
    let add = empty.add_data_file(FileName::parse("c").unwrap(), "a/b", b"", Method::Stored, noon());
    assert!(matches!(add, Err(Error::NotAsicS { .. })), "a second file");
    assert!(matches!(empty.add_time_stamp_token(&token, noon()), Err(Error::WrongTimeStamp { .. })));
    assert!(matches!(unsigned().add_time_stamp_token(&token, noon()), Err(Error::NotAsicS { .. })));
    let signature = sign(&unsigned(), &WORLD.signer, &WORLD.signer_key, Level::B);
    assert!(matches!(empty.add_signature(&signature, noon()), Err(Error::NotAsicS { .. })));
}

/// One more time-stamp over everything that is there.
fn renewed(mut container: Container, at: Timestamp) -> Container {
    let renewal = container.renew_evidence(Digest::Sha512).unwrap();
    let token = crate::make::time_stamp(renewal.digest(), &renewal.imprint(), at);
    container.add_renewal(&renewal, &token, at).unwrap();
    Container::from_bytes(&container.to_bytes().unwrap()).unwrap()
}

fn verdicts(container: &Container, at: Timestamp) -> Vec<Option<SubIndication>> {
    let report = validate(container, &WORLD.anchors(), at, &lt());
    assert!(!report.is_valid(), "nobody signed it");
    let verdict = |token: &EvidenceReport| match token.time_stamp.indication {
        Indication::TotalPassed => None,
        _ => Some(token.time_stamp.sub_indication.unwrap()),
    };
    assert_eq!(
        report.is_time_stamped(),
        report.time_stamp_tokens.iter().all(|token| verdict(token).is_none())
    );
    report.time_stamp_tokens.iter().map(verdict).collect()
}

#[test]
fn the_time_stamp_of_asic_s_is_judged_and_is_no_signature() {
    let container = time_stamped();
    let now = noon() + seconds(3600);
    assert_eq!(verdicts(&container, now), [None]);
    let report = validate(&container, &WORLD.anchors(), now, &lt());
    assert_eq!(report.headline(), "NOT SIGNED: time-stamps that are sound prove since when the file exists");
    assert_eq!(report.time_stamp_tokens[0].time_stamp.signed_time, Some(noon()));
    assert_eq!(report.time_stamp_tokens[0].timestamp_scopes, ["vana.ddoc"]);
    assert!(report.to_string().contains("Time-stamp in META-INF/timestamp.tst: TOTAL-PASSED"), "{report}");
    assert!(report.to_html().contains("Time-stamps of the file"));
    let read: countersign_container::Report = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(read, report);
    let nobody = validate(&container, &Default::default(), now, &lt());
    assert!(!nobody.is_time_stamped() && !nobody.is_valid());
}

#[test]
fn asic_s_is_renewed_with_archive_manifests() {
    let now = noon() + seconds(3600);
    let once = renewed(time_stamped(), noon() + seconds(10));
    let twice = renewed(once.clone(), noon() + seconds(20));
    assert_eq!(
        names(&twice.to_bytes().unwrap()),
        [
            "mimetype",
            "vana.ddoc",
            "META-INF/timestamp.tst",
            "META-INF/ASiCArchiveManifest001.xml",
            "META-INF/timestamp001.tst",
            "META-INF/ASiCArchiveManifest.xml",
            "META-INF/timestamp002.tst",
        ]
    );
    assert_eq!(verdicts(&once, now), [None; 2]);
    assert_eq!(verdicts(&twice, now), [None; 3]);
    let covered: Vec<usize> =
        twice.evidence().unwrap().iter().map(|evidence| evidence.covers.len()).collect();
    assert_eq!(covered, [1, 2, 4]);

    // Without a renewal nothing speaks for a time-stamp whose certificate has expired.
    assert_eq!(
        verdicts(&time_stamped(), WORLD.tsu.not_after() + seconds(1)),
        [Some(SubIndication::OutOfBoundsNoPoe)]
    );

    let renewal = twice.clone().renew_evidence(Digest::Sha512).unwrap();
    let other = crate::make::time_stamp(Digest::Sha512, &Digest::Sha512.of(b"other"), now);
    assert!(matches!(twice.clone().add_renewal(&renewal, &other, now), Err(Error::WrongTimeStamp { .. })));
    let token = crate::make::time_stamp(Digest::Sha512, &renewal.imprint(), now);
    assert!(matches!(once.clone().add_renewal(&renewal, &token, now), Err(Error::WrongTimeStamp { .. })));
    assert!(matches!(unsigned().renew_evidence(Digest::Sha512), Err(Error::NotAsicS { .. })));
}

#[test]
fn a_changed_renewal_proves_nothing() {
    let now = noon() + seconds(3600);
    let honest = renewed(renewed(time_stamped(), noon() + seconds(10)), noon() + seconds(20));
    let files: Vec<(String, Vec<u8>)> = {
        let bytes = honest.to_bytes().unwrap();
        let mut archive = ZipReader::open(Cursor::new(bytes), &Default::default()).unwrap();
        let mut read = |entry: &ZipEntry| {
            let mut content = Vec::new();
            let mut sink = |piece: &[u8]| {
                content.extend_from_slice(piece);
                Ok(())
            };
            archive.unpack(entry, &mut sink).unwrap();
            (entry.name.clone(), content)
        };
        let entries = ZipReader::open(Cursor::new(honest.to_bytes().unwrap()), &Default::default()).unwrap();
        entries.entries().iter().map(&mut read).collect()
    };
    type Files = Vec<(String, Vec<u8>)>;
    let with = |change: &dyn Fn(&mut Files)| {
        let mut files = files.clone();
        change(&mut files);
        let entries = files.iter().map(|(name, content)| RawEntry::stored(name, content)).collect();
        Container::from_bytes(&RawZip::new(entries).to_bytes())
    };
    let replaced = |index: usize, from: &str, to: &str| {
        with(&|files| {
            let text = String::from_utf8(files[index].1.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            files[index].1 = text.replacen(from, to, 1).into_bytes();
        })
    };
    let hash = Some(SubIndication::HashFailure);
    let lost = Some(SubIndication::SignedDataNotFound);
    assert_eq!(verdicts(&with(&|_| ()).unwrap(), now), [None; 3]);
    // The data file: the first time-stamp is over something else, and so are the lists.
    assert_eq!(verdicts(&with(&|files| files[1].1[0] ^= 1).unwrap(), now), [hash, lost, lost]);
    // A manifest: what it lists is right or not, but its time-stamp is over something else, and the next manifest sees it.
    assert_eq!(verdicts(&replaced(3, "?>\n", "?>\n\n").unwrap(), now), [None, hash, lost]);
    assert_eq!(verdicts(&replaced(5, "?>\n", "?>\n\n").unwrap(), now), [None, None, hash]);
    // A manifest that leaves out what came before.
    let cut = with(&|files| {
        let text = String::from_utf8(files[5].1.clone()).unwrap();
        let start = text.find("<asic:DataObjectReference URI=\"META-INF/timestamp.tst\"").unwrap();
        let end = start + text[start..].find("</asic:DataObjectReference>").unwrap() + 27;
        files[5].1 = [&text[..start], &text[end..]].concat().into_bytes();
    });
    assert_eq!(verdicts(&cut.unwrap(), now), [None, None, lost]);
    // Chains that are none.
    let refused = |container: Result<Container, Error>| matches!(container, Err(Error::NotAsicS { .. }));
    assert!(refused(with(&|files| drop(files.remove(2)))), "no first time-stamp");
    assert!(refused(with(&|files| drop(files.remove(3)))), "a time-stamp without its manifest");
    assert!(refused(with(&|files| drop(files.remove(4)))), "a manifest without its time-stamp");
    assert!(refused(replaced(3, "timestamp001.tst", "../evil")), "a manifest that leads elsewhere");
    assert!(refused(replaced(3, " URI=", " Other=")), "a manifest that leads nowhere");
    assert!(refused(replaced(5, "<ds:DigestValue>", "<ds:DigestValue>!")));
}

#[test]
fn asic_s_with_a_signature_is_read() {
    let mut single = Container::new();
    let (name, media_type, content) = FILES[0];
    single
        .add_data_file(FileName::parse(name).unwrap(), media_type, content, Method::Stored, noon())
        .unwrap();
    let signature = sign(&single, &WORLD.signer, &WORLD.signer_key, Level::Lt);
    let zip = || {
        RawZip::new(vec![
            RawEntry::stored("mimetype", b"application/vnd.etsi.asic-s+zip"),
            RawEntry::deflated(name, content),
            RawEntry::deflated("META-INF/signatures.xml", signature.to_xml().as_bytes()),
        ])
    };
    let opened = Container::from_bytes(&zip().to_bytes()).unwrap();
    assert_eq!(opened.data_files()[0].media_type(), media_type, "as it was signed");
    assert!(is_valid(&opened));
    let changed = |change: &dyn Fn(&mut RawZip)| {
        let mut zip = zip();
        change(&mut zip);
        Container::from_bytes(&zip.to_bytes())
    };
    let refused = |what: &str, result: Result<Container, Error>| {
        let result = result.map(|_| ());
        assert!(matches!(result, Err(Error::NotAsicS { .. } | Error::Manifest { .. })), "{what}: {result:?}");
    };
    refused("two files", changed(&|zip| zip.entries.push(RawEntry::stored("b", b""))));
    refused("no file", changed(&|zip| drop(zip.entries.remove(1))));
    let token = TimeStampSpec::new(content, noon()).sign();
    refused("both", changed(&|zip| zip.entries.push(RawEntry::stored("META-INF/timestamp.tst", &token))));
    let lists = RawEntry::stored(SHA256, b"<hashcodes/>");
    refused("lists of digests", changed(&|zip| zip.entries.push(lists.clone())));
    let manifest = crate::archive::manifest_of(&[(name, media_type)]);
    let manifest = RawEntry::stored("META-INF/manifest.xml", &manifest);
    refused("a manifest of ASiC-E", changed(&|zip| zip.entries.push(manifest.clone())));
    let other = changed(&|zip| zip.entries[1] = RawEntry::stored(name, b"changed")).unwrap();
    assert!(!is_valid(&other));
}
