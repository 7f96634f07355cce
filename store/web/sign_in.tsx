/** `/sign-in`: by a one-time link or by name and password. */
import type { Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { FlintError } from "@flint/core";
import { enter, keepSession, leave } from "../api/account.ts";
import { given } from "../api/given.ts";
import type { People } from "../people/people.ts";
import { Button } from "./components/button.tsx";
import { Fault } from "./components/fault.tsx";
import { Field } from "./components/field.tsx";
import type { Drawing } from "./drawing.tsx";
import { type Frame, Page } from "./layout.tsx";

interface SignInProps {
  readonly frame: Frame;
  /** Of a one-time link, and whom it lets in. */
  readonly link?: { readonly token: string; readonly name: string };
  readonly fault?: string;
}

function SignIn({ frame, link, fault }: SignInProps) {
  const { say } = frame;
  return (
    <Page frame={frame} title={`${say("signIn")} · Flint`}>
      <main id="content" class="home plugins">
        <header>
          <h1>{say("signInTitle")}</h1>
          <p class="hint">{say("signInHere")}</p>
        </header>
        <Fault text={fault} />
        <form method="post" action="/sign-in" class="plugin-form">
          {link ? <input type="hidden" name="link" value={link.token} /> : (
            <>
              <Field label={say("account")} name="account" maxlength={64} required />
              <Field
                label={say("password")}
                name="password"
                type="password"
                maxlength={256}
                required
              />
            </>
          )}
          <Button kind="primary" type="submit">
            {link ? say("signInAs", { name: link.name }) : say("signIn")}
          </Button>
        </form>
      </main>
    </Page>
  );
}

/** Adds the routes. A link is used up by its form alone: whatever looks at it ahead spoils nothing. */
export function addSignIn(app: Hono, people: People, { frame, send }: Drawing): void {
  const page = (c: Context, shown: Omit<SignInProps, "frame">) =>
    send(c, <SignIn frame={frame(c)} {...shown} />, shown.fault === undefined ? 200 : 400);

  app.get("/sign-in", (c) => {
    const token = c.req.query("link");
    if (token === undefined) return page(c, {});
    const account = people.sessions.peek(token);
    if (account === undefined) return page(c, { fault: frame(c).say("linkUsed") });
    return page(c, { link: { token, name: people.accounts.get(account).name } });
  });

  app.post("/sign-in", async (c) => {
    const { link, account, password } = Object.fromEntries(await c.req.formData());
    const proof = given({ link, account, password }) as Parameters<typeof enter>[1];
    try {
      keepSession(c, await enter(people, proof));
    } catch (error) {
      if (error instanceof FlintError || error instanceof HTTPException) {
        return page(c, { fault: error.message });
      }
      throw error;
    }
    return c.redirect("/", 303);
  });

  app.post("/sign-out", async (c) => {
    await leave(c, people);
    return c.redirect("/sign-in", 303);
  });
}
