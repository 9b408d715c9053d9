import { computed, effect, signal } from '@preact/signals'
import { authorise, call } from './api.ts'

const TOKEN = 'todo.token'

export interface Person {
  id: string
  name: string
}

export const token = signal(localStorage.getItem(TOKEN) ?? '')
/** Why the person was signed out, where it was not their wish. */
export const signedOutBecause = signal('')

/** Read from the token without verifying it: it decides only what is shown, the server decides what is allowed. */
export const person = computed<Person | undefined>(() => (token.value ? read(token.value) : undefined))

function read(jwt: string): Person | undefined {
  try {
    const claims = JSON.parse(new TextDecoder().decode(bytes(jwt.split('.')[1]!))) as Record<string, unknown>
    const id = String(claims['sub'])
    return { id, name: String(claims['name'] ?? id) }
  } catch {
    return undefined
  }
}

const bytes = (base64url: string): Uint8Array =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), character => character.charCodeAt(0))

export async function signIn(username: string, password: string): Promise<void> {
  const { access_token } = await call<{ access_token: string }>('/auth/token', {
    method: 'POST',
    body: { username, password },
  })
  enter(access_token)
}

export function enter(accessToken: string): void {
  signedOutBecause.value = ''
  localStorage.setItem(TOKEN, accessToken)
  token.value = accessToken
}

/** Edits that were not sent yet stay on this device until the same person signs in again. */
export function signOut(because = ''): void {
  signedOutBecause.value = because
  localStorage.removeItem(TOKEN)
  token.value = ''
}

token.subscribe(value => authorise(value, () => signOut('Your session has ended. Sign in again; nothing is lost.')))

/** Whether the server lets the person see the console: which claim says so is its affair. */
export const isOperator = signal(false)
effect(() => {
  isOperator.value = false
  if (!token.value) return
  call<{ is_operator: boolean }>('/api/v1/me')
    .then(me => {
      isOperator.value = me.is_operator
    })
    // Without an answer there is no console; the pages say by themselves when the server cannot be reached.
    .catch(() => {})
})

// Signing in or out in one tab is for all.
addEventListener('storage', event => {
  if (event.key === TOKEN) token.value = event.newValue ?? ''
})
