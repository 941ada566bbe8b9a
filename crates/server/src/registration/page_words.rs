//! The sentences of the page of terms, in the languages of the elements.

use http::header::{ACCEPT_LANGUAGE, HeaderMap};

/// What the page says in one language.
pub(super) struct Words {
    pub(super) language: &'static str,
    pub(super) title: &'static str,
    pub(super) zertes: &'static str,
    pub(super) eidas: &'static str,
    /// Before the edition.
    pub(super) version: &'static str,
    pub(super) open: &'static str,
    pub(super) waiting: &'static str,
    pub(super) confirmed: &'static str,
    pub(super) failed: &'static str,
}

impl Words {
    /// The language of `?lang=`, else the first that the browser asks for and that is there, else English. Browsers write what
    /// their person likes best first.
    pub(super) fn of(query: Option<&str>, headers: &HeaderMap) -> &'static Self {
        let asked = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .find_map(|(name, value)| (name == "lang").then(|| value.into_owned()));
        let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let tags = asked.iter().map(String::as_str).chain(header.split(','));
        let primary =
            |tag: &str| tag.split(['-', ';']).next().unwrap_or_default().trim().to_ascii_lowercase();
        let found = tags.map(primary).find_map(|tag| WORDS.iter().find(|words| words.language == tag));
        // Cannot fail: English is the first.
        found.unwrap_or(&WORDS[0])
    }
}

static WORDS: [Words; 8] = [
    Words {
        language: "en",
        title: "Terms for electronic signatures",
        zertes: "Switzerland",
        eidas: "European Union",
        version: "Terms, version",
        open: "Accept or decline in the service that sent you here.",
        waiting: "Confirm with your app, or where you enter your password.",
        confirmed: "These terms are accepted.",
        failed: "This link has been used. Ask for a new one.",
    },
    Words {
        language: "de",
        title: "Nutzungsbestimmungen für elektronische Unterschriften",
        zertes: "Schweiz",
        eidas: "Europäische Union",
        version: "Nutzungsbestimmungen, Fassung",
        open: "Nehmen Sie in dem Dienst an oder lehnen Sie ab, der Sie hierher geschickt hat.",
        waiting: "Bestätigen Sie mit Ihrer App, oder dort, wo Sie Ihr Passwort eingeben.",
        confirmed: "Diese Bestimmungen sind angenommen.",
        failed: "Dieser Link wurde benutzt. Verlangen Sie einen neuen.",
    },
    Words {
        language: "fr",
        title: "Conditions des signatures électroniques",
        zertes: "Suisse",
        eidas: "Union européenne",
        version: "Conditions, version",
        open: "Acceptez ou refusez dans le service qui vous a envoyé ici.",
        waiting: "Confirmez avec votre application, ou là où vous saisissez votre mot de passe.",
        confirmed: "Ces conditions sont acceptées.",
        failed: "Ce lien a été utilisé. Demandez-en un autre.",
    },
    Words {
        language: "it",
        title: "Condizioni per le firme elettroniche",
        zertes: "Svizzera",
        eidas: "Unione europea",
        version: "Condizioni, versione",
        open: "Accetti o rifiuti nel servizio che l’ha mandata qui.",
        waiting: "Confermi con l’app, o dove inserisce la password.",
        confirmed: "Queste condizioni sono accettate.",
        failed: "Questo link è stato usato. Ne chieda uno nuovo.",
    },
    Words {
        language: "et",
        title: "Elektrooniliste allkirjade tingimused",
        zertes: "Šveits",
        eidas: "Euroopa Liit",
        version: "Tingimused, versioon",
        open: "Nõustu või keeldu teenuses, mis sind siia saatis.",
        waiting: "Kinnita rakendusega või seal, kus sisestad parooli.",
        confirmed: "Nende tingimustega on nõustutud.",
        failed: "Seda linki on juba kasutatud. Küsi uus.",
    },
    Words {
        language: "lv",
        title: "Elektronisko parakstu noteikumi",
        zertes: "Šveice",
        eidas: "Eiropas Savienība",
        version: "Noteikumi, redakcija",
        open: "Pieņemiet vai noraidiet pakalpojumā, kas jūs šurp atsūtīja.",
        waiting: "Apstipriniet lietotnē vai tur, kur ievadāt paroli.",
        confirmed: "Šie noteikumi ir pieņemti.",
        failed: "Šī saite ir izmantota. Lūdziet jaunu.",
    },
    Words {
        language: "lt",
        title: "Elektroninių parašų sąlygos",
        zertes: "Šveicarija",
        eidas: "Europos Sąjunga",
        version: "Sąlygos, redakcija",
        open: "Sutikite arba atsisakykite paslaugoje, kuri jus čia nukreipė.",
        waiting: "Patvirtinkite programėlėje arba ten, kur įvedate slaptažodį.",
        confirmed: "Su šiomis sąlygomis sutikta.",
        failed: "Ši nuoroda panaudota. Paprašykite naujos.",
    },
    Words {
        language: "ru",
        title: "Условия электронных подписей",
        zertes: "Швейцария",
        eidas: "Европейский союз",
        version: "Условия, редакция",
        open: "Примите условия или откажитесь в службе, которая вас сюда направила.",
        waiting: "Подтвердите в приложении или там, где вы вводите пароль.",
        confirmed: "Эти условия приняты.",
        failed: "Эта ссылка уже использована. Запросите новую.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn language(query: Option<&str>, header: Option<&str>) -> &'static str {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
        }
        Words::of(query, &headers).language
    }

    #[test]
    fn the_page_speaks_what_its_reader_reads() {
        assert_eq!(language(None, Some("de-CH,de;q=0.9,en;q=0.8")), "de");
        assert_eq!(language(None, Some("nl, LT ;q=0.5")), "lt");
        assert_eq!(language(Some("lang=ru"), Some("de")), "ru");
        assert_eq!(language(Some("lang=xx"), Some("et")), "et");
        for (query, header) in [(None, None), (Some("lang="), Some("*")), (None, Some("nl;q=1"))] {
            assert_eq!(language(query, header), "en");
        }
    }
}
