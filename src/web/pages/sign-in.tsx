import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call } from '../kit/api.ts'
import type { Issuer } from '../kit/oidc.ts'
import { enter, signedOutBecause, signIn } from '../kit/session.ts'
import { Field, field, onSubmit } from '../ui/form.tsx'
import { Problem, Show, useLoaded } from '../ui/loaded.tsx'

type Way = ({ kind: 'issuer' } & Issuer) | { kind: 'password' } | { kind: 'none'; reason: string }

export function SignIn() {
  const way = useLoaded(() => call<Way>('/auth/sign-in.json'))
  return (
    <main class="sign-in">
      <h1>Todo</h1>
      {signedOutBecause.value && <p class="quiet">{signedOutBecause.value}</p>}
      <Show of={way}>
        {value =>
          value.kind === 'issuer' ? (
            <AtIssuer issuer={value} />
          ) : value.kind === 'password' ? (
            <WithPassword />
          ) : (
            <Problem text={value.reason} />
          )
        }
      </Show>
    </main>
  )
}

/** What signs in at an issuer is fetched by those who do. */
const oidc = () => import('../kit/oidc.ts')

function AtIssuer({ issuer }: { issuer: Issuer }) {
  const problem = useSignal('')
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      problem.value = `Signing in at ${new URL(issuer.issuer).host} failed: ${(await oidc()).reasonOf(error)}`
    }
  }
  useEffect(() => {
    if (!location.search) return
    void attempt(async () => {
      const { finish, returned } = await oidc()
      if (returned()) enter(await finish())
    })
  }, [])
  return (
    <>
      {problem.value && <Problem text={problem.value} />}
      <button type="button" class="primary" onClick={() => attempt(async () => (await oidc()).begin(issuer))}>
        Sign in at {new URL(issuer.issuer).host}
      </button>
    </>
  )
}

function WithPassword() {
  const problem = useSignal('')
  const submit = async (form: HTMLFormElement): Promise<void> => {
    try {
      await signIn(field(form, 'username'), field(form, 'password'))
    } catch (error) {
      problem.value = (error as Error).message
    }
  }
  return (
    <>
      {problem.value && <Problem text={problem.value} />}
      <form onSubmit={onSubmit(submit)}>
        <Field label="Name">
          <input name="username" autocomplete="username" autocapitalize="none" required />
        </Field>
        <Field label="Password">
          <input name="password" type="password" autocomplete="current-password" required />
        </Field>
        <button class="primary" type="submit">
          Sign in
        </button>
      </form>
    </>
  )
}
