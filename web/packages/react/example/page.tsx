/** A page of an e-service in React, as its developer would write it. */

import { CountersignRegistration, openStatus } from "@countersign/react";
import { useState } from "react";
import { createRoot } from "react-dom/client";

interface Given {
  readonly apiBase: string;
  readonly token: string;
}

declare global {
  interface Window {
    given: Given;
  }
}

function Portal({ apiBase, token }: Given) {
  const [said, setSaid] = useState<readonly string[]>([]);
  const add = (line: string) => setSaid((before) => [...before, line]);
  return (
    <main>
      <h1>Portal</h1>
      <CountersignRegistration
        apiBase={apiBase}
        tokenSource={() => token}
        lang="en"
        onStep={(event) => add(`step ${event.detail.step}`)}
        onVerified={() => add("verified")}
        onStatus={(event) => add(`status ${event.detail.signingStatus}`)}
        onDone={() => add("done")}
      />
      <button type="button" onClick={() => openStatus({ base: apiBase }, (name) => add(name))}>
        Open
      </button>
      <ol id="said">
        {said.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ol>
    </main>
  );
}

createRoot(document.getElementById("root")!).render(<Portal {...window.given} />);
