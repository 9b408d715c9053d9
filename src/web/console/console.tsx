import type { ComponentType } from 'preact'
import { href, route } from '../kit/router.ts'
import { Audit } from './audit.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { Events } from './events.tsx'
import { FlowPage } from './flow.tsx'
import { PlatformPage } from './platform.tsx'
import { RemindersPage } from './reminders.tsx'
import { StoryPage } from './story.tsx'

const PAGES: Record<string, { title: string; Page: ComponentType }> = {
  flow: { title: 'Flow', Page: FlowPage },
  events: { title: 'Events', Page: Events },
  'dead-letters': { title: 'Dead letters', Page: DeadLetters },
  reminders: { title: 'Reminders', Page: RemindersPage },
  audit: { title: 'Audit', Page: Audit },
  platform: { title: 'Platform', Page: PlatformPage },
}

/** What people who run the platform look at: `#/console/<page>`. */
export function Console() {
  const [, name = 'flow', part] = route.value
  const { Page } = name === 'event' ? { Page: StoryPage } : (PAGES[name] ?? PAGES['flow']!)
  return (
    <div class="console">
      <nav aria-label="Console" class="tabs">
        <ul>
          {Object.entries(PAGES).map(([key, { title }]) => (
            <li key={key}>
              <a href={href('console', key)} aria-current={key === name ? 'page' : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <Page key={`${name}/${part ?? ''}`} />
    </div>
  )
}
