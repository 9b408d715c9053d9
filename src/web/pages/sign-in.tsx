import { useSignal } from '@preact/signals'
import { signedOutBecause, signIn } from '../kit/session.ts'
import { Field, field, onSubmit } from '../ui/form.tsx'
import { Problem } from '../ui/loaded.tsx'

export function SignIn() {
  const problem = useSignal('')
  const enter = async (form: HTMLFormElement): Promise<void> => {
    try {
      await signIn(field(form, 'username'), field(form, 'password'))
    } catch (error) {
      problem.value = (error as Error).message
    }
  }
  return (
    <main class="sign-in">
      <h1>Todo</h1>
      {signedOutBecause.value && <p class="quiet">{signedOutBecause.value}</p>}
      {problem.value && <Problem text={problem.value} />}
      <form onSubmit={onSubmit(enter)}>
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
    </main>
  )
}
