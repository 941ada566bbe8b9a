/** The few words around the elements. */

import type { Language } from "@countersign/elements";

interface FrameTexts {
  readonly title: string;
  readonly skip: string;
  readonly language: string;
  readonly footer: string;
  readonly unavailable: string;
}

export const FRAME_TEXTS: Readonly<Record<Language, FrameTexts>> = {
  de: {
    title: "Darf ich unterschreiben?",
    skip: "Zum Inhalt",
    language: "Sprache",
    footer: "Diese Seite fragt den Dienst, der Ihre Identifikation führt. Sie behält nichts in diesem Browser.",
    unavailable: "Die Seite kann gerade nicht fragen. Laden Sie sie später noch einmal.",
  },
  fr: {
    title: "Puis-je signer ?",
    skip: "Au contenu",
    language: "Langue",
    footer: "Cette page interroge le service qui tient votre identification. Elle ne garde rien dans ce navigateur.",
    unavailable: "La page ne peut rien demander pour l’instant. Rechargez-la plus tard.",
  },
  it: {
    title: "Posso firmare?",
    skip: "Al contenuto",
    language: "Lingua",
    footer: "Questa pagina interroga il servizio che conserva la sua identificazione. Non conserva nulla in questo browser.",
    unavailable: "La pagina al momento non può chiedere. La ricarichi più tardi.",
  },
  en: {
    title: "May I sign?",
    skip: "To the content",
    language: "Language",
    footer: "This page asks the service that keeps your identification. It keeps nothing in this browser.",
    unavailable: "The page cannot ask right now. Load it again later.",
  },
  et: {
    title: "Kas ma saan allkirjastada?",
    skip: "Sisu juurde",
    language: "Keel",
    footer: "See leht küsib teenuselt, mis hoiab sinu tuvastamise andmeid. Sellesse brauserisse ei jäta ta midagi.",
    unavailable: "Leht ei saa praegu küsida. Laadi see hiljem uuesti.",
  },
  lv: {
    title: "Vai drīkstu parakstīt?",
    skip: "Uz saturu",
    language: "Valoda",
    footer: "Šī lapa vaicā pakalpojumam, kas glabā jūsu identifikāciju. Šajā pārlūkā tā neko neatstāj.",
    unavailable: "Lapa pašlaik nevar vaicāt. Ielādējiet to vēlāk vēlreiz.",
  },
  lt: {
    title: "Ar galiu pasirašyti?",
    skip: "Į turinį",
    language: "Kalba",
    footer: "Šis puslapis klausia paslaugos, kuri saugo jūsų tapatybės patvirtinimą. Šioje naršyklėje jis nieko nepalieka.",
    unavailable: "Puslapis šiuo metu negali klausti. Įkelkite jį vėliau dar kartą.",
  },
  ru: {
    title: "Могу ли я подписывать?",
    skip: "К содержанию",
    language: "Язык",
    footer: "Эта страница спрашивает службу, которая хранит данные о вашей личности. В этом браузере она ничего не оставляет.",
    unavailable: "Страница сейчас не может спросить. Загрузите её позже ещё раз.",
  },
};
