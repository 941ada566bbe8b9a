//! What a device link shows where no app took it (rp-api 6.6): the phone app's own page, or where this program was built
//! without it, one that says what to do in the language that the link names. Nothing of the link is read beyond that, and nothing of it is repeated.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap};

use crate::App;
use crate::web::{PAGE_POLICY, phone_page};

/// Where device links lead unless the configuration says otherwise.
pub(super) const PATH: &str = "/device-link";

/// A language with its two sentences.
struct Text {
    /// ISO 639-2, as in the link.
    link: &'static str,
    /// For the page itself [BCP 47].
    page: &'static str,
    title: &'static str,
    advice: &'static str,
}

/// The languages that relying parties may name; English is for all others.
static TEXTS: [Text; 8] = [
    Text {
        link: "eng",
        page: "en",
        title: "Open this link with your app",
        advice: "Scan the code with the app on your phone. If you are on your phone already, install the app and go back \
            to the page that you came from.",
    },
    Text {
        link: "est",
        page: "et",
        title: "Ava see link rakendusega",
        advice: "Skaneeri kood oma telefonis oleva rakendusega. Kui oled juba telefonis, paigalda rakendus ja mine \
            tagasi lehele, kust tulid.",
    },
    Text {
        link: "rus",
        page: "ru",
        title: "Откройте эту ссылку в приложении",
        advice: "Отсканируйте код приложением на телефоне. Если вы уже на телефоне, установите приложение и вернитесь на \
            страницу, с которой пришли.",
    },
    Text {
        link: "lit",
        page: "lt",
        title: "Atidarykite šią nuorodą programėle",
        advice: "Nuskaitykite kodą telefone esančia programėle. Jei jau naudojatės telefonu, įdiekite programėlę ir \
            grįžkite į puslapį, iš kurio atėjote.",
    },
    Text {
        link: "lav",
        page: "lv",
        title: "Atveriet šo saiti ar lietotni",
        advice: "Noskenējiet kodu ar lietotni savā tālrunī. Ja jau izmantojat tālruni, uzstādiet lietotni un atgriezieties \
            lapā, no kuras nācāt.",
    },
    Text {
        link: "nld",
        page: "nl",
        title: "Open deze link met uw app",
        advice: "Scan de code met de app op uw telefoon. Zit u al op uw telefoon, installeer dan de app en ga terug naar \
            de pagina waar u vandaan kwam.",
    },
    Text {
        link: "fra",
        page: "fr",
        title: "Ouvrez ce lien avec votre application",
        advice: "Scannez le code avec l’application sur votre téléphone. Si vous êtes déjà sur votre téléphone, \
            installez l’application et revenez à la page d’où vous venez.",
    },
    Text {
        link: "deu",
        page: "de",
        title: "Öffnen Sie diesen Link mit Ihrer App",
        advice: "Scannen Sie den Code mit der App auf Ihrem Telefon. Sind Sie schon auf Ihrem Telefon, installieren Sie \
            die App und gehen Sie zurück zu der Seite, von der Sie kamen.",
    },
];

/// `GET /device-link?…`
pub(super) async fn link_page(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if let Some(page) = phone_page(&app, "phone/device-link.html", &headers) {
        return page;
    }
    let wanted = query.as_deref().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("lang="));
    let text = TEXTS.iter().find(|text| Some(text.link) == wanted).unwrap_or(&TEXTS[0]);
    let Text { page, title, advice, .. } = text;
    let html = format!(
        "<!doctype html><html lang=\"{page}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/assets/page.css\"></head><body>\
         <main class=\"page\"><section class=\"sheet\"><h1>{title}</h1><p>{advice}</p></section></main></body></html>\n"
    );
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, html).into_response()
}
