import { effect, signal } from '@preact/signals'

/** What concerns this device alone and not the account. */
export type Theme = 'system' | 'light' | 'dark'

export const theme = signal((localStorage.getItem('todo.theme') ?? 'system') as Theme)
/** Single-key shortcuts can be switched off (WCAG 2.2, 2.1.4): speech input would press them. */
export const shortcuts = signal(localStorage.getItem('todo.shortcuts') !== 'off')

effect(() => {
  localStorage.setItem('todo.theme', theme.value)
  if (theme.value === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme.value
})
effect(() => localStorage.setItem('todo.shortcuts', shortcuts.value ? 'on' : 'off'))

/** The zone days begin in, here. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
