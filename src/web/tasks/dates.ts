import { zone } from '../kit/preferences.ts'
import type { Task } from './task.ts'
import { dayIn, dueDay } from './views.ts'

const DAY = 86_400_000

/** A calendar day so many days from now, here. */
export const dayFromNow = (days: number, now = new Date()): string => dayIn(zone, now.getTime() + days * DAY)

/** `Today`, `Tomorrow`, `Friday`, `12 Dec`, `12 Dec 2030`: as short as is clear. */
export function dayText(day: string, now = new Date()): string {
  const today = dayIn(zone, now)
  const away = Math.round((Date.parse(day) - Date.parse(today)) / DAY)
  if (away >= -1 && away <= 1) return ['Yesterday', 'Today', 'Tomorrow'][away + 1]!
  const options: Intl.DateTimeFormatOptions =
    away > 1 && away < 7
      ? { weekday: 'long' }
      : { day: 'numeric', month: 'short', ...(day.slice(0, 4) !== today.slice(0, 4) && { year: 'numeric' }) }
  return new Intl.DateTimeFormat(undefined, { ...options, timeZone: 'UTC' }).format(new Date(day))
}

export const timeText = (instant: string): string =>
  new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }).format(new Date(instant))

export const momentText = (instant: string): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(instant))

export function dueText(task: Pick<Task, 'due_at' | 'due_tz' | 'all_day'>): string {
  const day = dueDay(task, zone)
  if (!day) return ''
  return task.all_day ? dayText(day) : `${dayText(day)}, ${timeText(task.due_at!)}`
}

export const isOverdue = (task: Task, now = new Date()): boolean =>
  !!task.due_at &&
  task.status === 'open' &&
  (task.all_day ? dueDay(task, zone)! < dayIn(zone, now) : new Date(task.due_at) < now)

/** What `<input type=date>` and `<input type=time>` hold; the wall clock here. */
export function inputsOf(task: Task): { date: string; time: string } {
  if (!task.due_at) return { date: '', time: '' }
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: zone }).format(
    new Date(task.due_at),
  )
  return { date: dueDay(task, zone)!, time: task.all_day ? '' : time }
}

/** The due fields the API takes for what was typed: a date alone is a whole day, which begins at midnight here. */
export function dueOf(date: string, time: string): { due_at: string | null; due_tz?: string; all_day?: boolean } {
  if (!date) return { due_at: null }
  return { due_at: new Date(`${date}T${time || '00:00'}`).toISOString(), due_tz: zone, all_day: !time }
}
