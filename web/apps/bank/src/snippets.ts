/** The lines to change in an e-service so that it uses this service. One list; values follow the address of this page. */

export interface Values {
  /** Of this page: `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** The same over TLS, where there is one. */
  readonly secure: string;
  readonly uuid: string;
  readonly name: string;
  readonly scheme: string;
  readonly document: string;
}

export interface Snippet {
  readonly id: string;
  readonly label: string;
  readonly library: string;
  readonly note: string;
  readonly code: (values: Values) => string;
}

export const SNIPPETS: readonly Snippet[] = [
  {
    id: "java",
    label: "Java",
    library: "ee.sk.smartid:smart-id-java-client 3.1",
    note: "Wants an SSL context even for plain http. `countersign trust export ./trust` writes the certificates.",
    code: (v) => `var client = new SmartIdClient();
client.setRelyingPartyUUID("${v.uuid}");
client.setRelyingPartyName("${v.name}");
client.setHostUrl("${v.origin}/smart-id-rp/v3/");
client.setTrustSslContext(SSLContext.getDefault());

var certificates = new CertificateValidatorImpl(new DefaultTrustedCAStoreBuilder()
        .withTrustAnchors(Set.of(new TrustAnchor(root, null)))       // trust/root.pem
        .withIntermediateCACertificate(List.of(eidQ, eidNq))         // trust/eid-q.pem, trust/eid-nq.pem
        .withOcspEnabled(false)
        .build());
// and where device links and signatures are made: .withSchemaName("${v.scheme}")`,
  },
  {
    id: "php",
    label: "PHP",
    library: "sk-id-solutions/smart-id-php-client 3.0",
    note: "Demands https, a key pin and a CA that curl trusts. The key of the development server is new at each start.",
    code: (v) => `// php -d curl.cainfo=trust/tls-root.pem ...   and the pin from:
// openssl s_client -connect ${v.secure.replace("https://", "")} </dev/null 2>/dev/null | openssl x509 -pubkey -noout \\
//   | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64
$client = new SmartIdClient(
    relyingPartyUUID: '${v.uuid}',
    relyingPartyName: '${v.name}',
    hostUrl: '${v.secure}/smart-id-rp/v3',
    sslPinnedKeys: SslPinnedPublicKeyStore::create()->addPublicKeyHash("sha256//$pin"),
);
$validator = $client->createAuthenticationResponseValidator();
TrustedCACertificateStore::create()
    ->addCertificateFromFile('trust/root.pem')
    ->addCertificateFromFile('trust/eid-q.pem')
    ->configureValidator($validator);`,
  },
  {
    id: "ruby",
    label: "Ruby",
    library: "smart-id-ruby-client",
    note: "The slash at the end is needed. Its authentication validator builds no chain: add its certificate validator.",
    code: (v) => `config.relying_party_uuid = "${v.uuid}"
config.relying_party_name = "${v.name}"
config.host_url = "${v.origin}/smart-id-rp/v3/"`,
  },
  {
    id: "rust",
    label: "Rust",
    library: "countersign-client, in this repository",
    note: "This bank is made with it.",
    code: (v) => `let party = RelyingPartyUuid::parse("${v.uuid}")?;
let client = Client::builder("${v.origin}/smart-id-rp/v3", party, "${v.name}")
    .scheme(SchemeName::parse("${v.scheme}")?)
    .build()?;
let anchors = std::fs::read_to_string("trust/bundle.pem")?;   // from ${v.origin}/trust/bundle.pem
let rules = Rules::new(TrustStore::from_pem(&anchors)?);`,
  },
  {
    id: "dotnet",
    label: ".NET",
    library: "any HTTP client",
    note: "The libraries that we found speak version 2 only. Version 3 is a POST and a long poll; what to check is in the reference of the API at /docs.",
    code: (v) => `using var http = new HttpClient { BaseAddress = new Uri("${v.origin}/smart-id-rp/v3/") };
var answer = await http.PostAsJsonAsync("signature/certificate/${v.document}", new {
    relyingPartyUUID = "${v.uuid}",
    relyingPartyName = "${v.name}",
});
Console.WriteLine(await answer.Content.ReadAsStringAsync());`,
  },
  {
    id: "node",
    label: "Node",
    library: "fetch",
    note: "The libraries that we found speak version 2 only. Version 3 is a POST and a long poll.",
    code: (v) => `const answer = await fetch("${v.origin}/smart-id-rp/v3/signature/certificate/${v.document}", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    relyingPartyUUID: "${v.uuid}",
    relyingPartyName: "${v.name}",
  }),
});
console.log(await answer.json());`,
  },
  {
    id: "go",
    label: "Go",
    library: "net/http",
    note: "No library for version 3 was found.",
    code: (v) => `body := strings.NewReader(\`{"relyingPartyUUID":"${v.uuid}","relyingPartyName":"${v.name}"}\`)
answer, err := http.Post(
	"${v.origin}/smart-id-rp/v3/signature/certificate/${v.document}",
	"application/json", body)
if err != nil {
	log.Fatal(err)
}
defer answer.Body.Close()
io.Copy(os.Stdout, answer.Body)`,
  },
  {
    id: "curl",
    label: "curl",
    library: "a terminal",
    note: "The answer is a signing certificate. Nothing is asked of the person.",
    code: (v) => `curl -sS -H 'Content-Type: application/json' \\
  -d '{"relyingPartyUUID":"${v.uuid}","relyingPartyName":"${v.name}"}' \\
  ${v.origin}/smart-id-rp/v3/signature/certificate/${v.document}`,
  },
];
