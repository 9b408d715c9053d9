/** What the resource is called. */
export const GROUP = 'todo.events'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`
export const KIND = 'TodoEventPlatform'
export const PLURAL = 'todoeventplatforms'
