import { planningTools } from './planning.ts'
import { taskTools } from './tasks.ts'
import type { Tool } from './tool.ts'

export type { Tool, ToolInput } from './tool.ts'

/** What assistants can do: one registry for MCP, for the model behind the chat, and for the intents without one. */
export const TOOLS: readonly Tool[] = [...taskTools, ...planningTools]
