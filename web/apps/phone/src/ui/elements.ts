/** Registers the elements. Apart from their classes, so that importing a class has no effect. */

import { App } from "./app.ts";
import { PinPad } from "./pin-pad.ts";
import { AccountsScreen, ChooseAccountScreen } from "./screens/accounts.ts";
import { ApproveScreen } from "./screens/approve.ts";
import { EnrolFlow } from "./screens/enrol.ts";
import { HomeScreen } from "./screens/home.ts";
import { KeyScreen } from "./screens/key.ts";
import { OutcomeScreen } from "./screens/outcome.ts";
import { LinkedWaitScreen, OtherTabScreen, WaitScreen } from "./screens/plain.ts";
import { PinChangeScreen } from "./screens/pin-change.ts";
import { RevokeScreen } from "./screens/revoke.ts";
import { ScanScreen } from "./screens/scan.ts";
import { SettingsScreen } from "./screens/settings.ts";
import { WelcomeScreen } from "./screens/welcome.ts";
import { Stranger } from "./stranger.ts";

/** They are made with `new`, with what they show; the parser never makes one. */
type ElementClass = abstract new (...parts: never[]) => HTMLElement;

const ELEMENTS: Record<string, ElementClass> = {
  "cs-phone": App,
  "cs-pin-pad": PinPad,
  "cs-stranger": Stranger,
  "cs-accounts": AccountsScreen,
  "cs-choose-account": ChooseAccountScreen,
  "cs-approve": ApproveScreen,
  "cs-enrol": EnrolFlow,
  "cs-home": HomeScreen,
  "cs-key": KeyScreen,
  "cs-outcome": OutcomeScreen,
  "cs-linked-wait": LinkedWaitScreen,
  "cs-other-tab": OtherTabScreen,
  "cs-wait": WaitScreen,
  "cs-pin-change": PinChangeScreen,
  "cs-revoke": RevokeScreen,
  "cs-scan": ScanScreen,
  "cs-settings": SettingsScreen,
  "cs-welcome": WelcomeScreen,
};

export function registerElements(): void {
  for (const [name, element] of Object.entries(ELEMENTS)) {
    customElements.define(name, element as unknown as CustomElementConstructor);
  }
}
