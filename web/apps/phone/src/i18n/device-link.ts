/** What the page of a device link says. Its languages are those of the links, one more than the app has. */

/** ISO 639-2, as in the link's `lang`, with the BCP 47 tag of the page. */
export const LINK_LANGUAGES = {
  eng: "en",
  est: "et",
  lav: "lv",
  lit: "lt",
  rus: "ru",
  deu: "de",
  fra: "fr",
  nld: "nl",
} as const;

export type LinkLanguage = keyof typeof LINK_LANGUAGES;

interface Words {
  opening: string;
  open: string;
  notHere: string;
  notHereText: string;
  otherDevice: string;
  setUp: string;
  incomplete: string;
  incompleteText: string;
}

export const WORDS: Record<LinkLanguage, Words> = {
  eng: {
    opening: "Opening Countersign …",
    open: "Open Countersign",
    notHere: "Countersign is not set up in this browser",
    notHereText: "An e-service wants you to log in, to sign, or to show your certificate with Countersign.",
    otherDevice: "Is it set up on another phone? Go back to the e-service and scan its QR code with that phone.",
    setUp: "Set up Countersign here",
    incomplete: "This link is not complete",
    incompleteText: "Go back to the e-service and start again.",
  },
  est: {
    opening: "Countersigni avatakse …",
    open: "Ava Countersign",
    notHere: "Countersign pole selles brauseris kasutusele võetud",
    notHereText: "E-teenus soovib, et logiksid Countersigniga sisse, annaksid allkirja või näitaksid oma sertifikaati.",
    otherDevice: "Kas see on teises telefonis? Mine tagasi e-teenusesse ja skaneeri selle QR-kood tolle telefoniga.",
    setUp: "Võta Countersign siin kasutusele",
    incomplete: "See link ei ole täielik",
    incompleteText: "Mine tagasi e-teenusesse ja alusta uuesti.",
  },
  lav: {
    opening: "Tiek atvērts Countersign …",
    open: "Atvērt Countersign",
    notHere: "Countersign šajā pārlūkā nav iestatīts",
    notHereText: "E-pakalpojums vēlas, lai jūs ar Countersign pieslēgtos, parakstītu vai parādītu savu sertifikātu.",
    otherDevice: "Vai tas ir citā tālrunī? Atgriezieties e-pakalpojumā un skenējiet tā QR kodu ar to tālruni.",
    setUp: "Iestatīt Countersign šeit",
    incomplete: "Šī saite nav pilnīga",
    incompleteText: "Atgriezieties e-pakalpojumā un sāciet no jauna.",
  },
  lit: {
    opening: "Atveriama „Countersign“ …",
    open: "Atverti „Countersign“",
    notHere: "„Countersign“ šioje naršyklėje neparengta",
    notHereText:
      "E. paslauga nori, kad naudodami „Countersign“ prisijungtumėte, pasirašytumėte arba parodytumėte savo sertifikatą.",
    otherDevice: "Naudojatės kitu telefonu? Grįžkite į e. paslaugą ir tuo telefonu nuskaitykite jos QR kodą.",
    setUp: "Parengti „Countersign“ čia",
    incomplete: "Ši nuoroda neišsami",
    incompleteText: "Grįžkite į e. paslaugą ir pradėkite iš naujo.",
  },
  rus: {
    opening: "Открывается Countersign …",
    open: "Открыть Countersign",
    notHere: "Countersign в этом браузере не настроен",
    notHereText:
      "Э-услуга хочет, чтобы вы с помощью Countersign вошли, подписали документ или показали свой сертификат.",
    otherDevice: "Он настроен в другом телефоне? Вернитесь в э-услугу и отсканируйте её QR-код тем телефоном.",
    setUp: "Настроить Countersign здесь",
    incomplete: "Эта ссылка неполная",
    incompleteText: "Вернитесь в э-услугу и начните заново.",
  },
  deu: {
    opening: "Countersign wird geöffnet …",
    open: "Countersign öffnen",
    notHere: "Countersign ist in diesem Browser nicht eingerichtet",
    notHereText:
      "Ein Online-Dienst möchte, dass Sie sich mit Countersign anmelden, unterschreiben oder Ihr Zertifikat zeigen.",
    otherDevice:
      "Ist es auf einem anderen Telefon eingerichtet? Gehen Sie zum Online-Dienst zurück und scannen Sie dessen QR-Code mit dem anderen Telefon.",
    setUp: "Countersign hier einrichten",
    incomplete: "Dieser Link ist unvollständig",
    incompleteText: "Gehen Sie zum Online-Dienst zurück und beginnen Sie von vorn.",
  },
  fra: {
    opening: "Ouverture de Countersign…",
    open: "Ouvrir Countersign",
    notHere: "Countersign n’est pas installé dans ce navigateur",
    notHereText:
      "Un service en ligne vous demande de vous connecter, de signer ou de montrer votre certificat avec Countersign.",
    otherDevice:
      "Est-il installé sur un autre téléphone ? Revenez au service en ligne et scannez son code QR avec ce téléphone.",
    setUp: "Installer Countersign ici",
    incomplete: "Ce lien est incomplet",
    incompleteText: "Revenez au service en ligne et recommencez.",
  },
  nld: {
    opening: "Countersign wordt geopend …",
    open: "Countersign openen",
    notHere: "Countersign is in deze browser niet ingesteld",
    notHereText: "Een onlinedienst wil dat u met Countersign inlogt, ondertekent of uw certificaat toont.",
    otherDevice: "Staat het op een andere telefoon? Ga terug naar de onlinedienst en scan de QR-code met die telefoon.",
    setUp: "Countersign hier instellen",
    incomplete: "Deze link is niet volledig",
    incompleteText: "Ga terug naar de onlinedienst en begin opnieuw.",
  },
};

/** The language asked for, else the first of the browser's that there is, else English. */
export function linkLanguage(asked: string | null, browser: readonly string[]): LinkLanguage {
  if (asked !== null && Object.hasOwn(LINK_LANGUAGES, asked)) return asked as LinkLanguage;
  for (const wish of browser) {
    const primary = wish.toLowerCase().split("-")[0];
    const found = Object.entries(LINK_LANGUAGES).find(([, tag]) => tag === primary);
    if (found) return found[0] as LinkLanguage;
  }
  return "eng";
}
