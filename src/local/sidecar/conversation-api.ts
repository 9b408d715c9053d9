/** `/v1.0-alpha2/conversation`: dapr pkg/api/universal/conversation.go ConverseAlpha2, with the messages of its ai.proto as JSON. */
import type { Components } from './components.ts'
import type { Message, Said, Tool, ToolCall } from './conversation.ts'
import { conversation as errors, malformedRequest, messageOf } from './errors.ts'
import { type ApiRequest, json, type Reply, readBody } from './http.ts'

interface Words {
  content?: { text?: string }[]
  toolCalls?: ToolCall[]
  toolId?: string
  name?: string
}

const ROLES = {
  // langchaingo takes a developer for a person.
  ofDeveloper: 'user',
  ofSystem: 'system',
  ofUser: 'user',
  ofAssistant: 'assistant',
  ofTool: 'tool',
} as const

interface Body {
  contextId?: string
  inputs?: { messages?: Partial<Record<keyof typeof ROLES, Words>>[] }[]
  tools?: { function?: Tool }[]
  toolChoice?: string
}

export async function converse(components: Components, request: ApiRequest, name: string): Promise<Reply> {
  const body = parse((await readBody(request)).toString())
  const model = components.conversation(name)
  if (!model) throw errors.notFound(name)
  if (!body.inputs?.length) throw errors.missingInputs(name)
  const messages = body.inputs.flatMap(input => (input.messages ?? []).map(message => read(name, message)))
  const tools = (body.tools ?? []).flatMap(tool => (tool.function ? [tool.function] : []))
  const choice = choose(name, body.toolChoice, tools)
  let said: Said
  try {
    said = await model.converse(messages, tools, choice)
  } catch (error) {
    throw errors.failed(name, messageOf(error))
  }
  return json({
    ...(body.contextId && { contextId: body.contextId }),
    ...(said.choices.length > 0 && { outputs: outputsOf(said) }),
  })
}

function parse(text: string): Body {
  try {
    return text === '' ? {} : (JSON.parse(text) as Body)
  } catch (error) {
    throw malformedRequest(error)
  }
}

function read(component: string, message: Partial<Record<keyof typeof ROLES, Words>>): Message {
  for (const [type, role] of Object.entries(ROLES)) {
    const words = message[type as keyof typeof ROLES]
    if (!words) continue
    const { content = [], toolCalls, toolId = '', name = '' } = words
    return {
      role,
      texts: content.map(({ text = '' }) => text),
      ...(toolCalls && { toolCalls }),
      ...(role === 'tool' && { tool: { id: toolId, name } }),
    }
  }
  throw errors.invalid(component, 'message type cannot be nil')
}

function choose(component: string, choice: string | undefined, tools: readonly Tool[]): string {
  if (!choice) return tools.length > 0 ? 'auto' : ''
  if (choice === 'auto' || choice === 'none') return choice
  const allowed = "Must be 'auto', 'none', 'required', or a specific tool name matching the tools available to be used"
  if (choice === 'required') {
    if (tools.length === 0) throw errors.invalid(component, `tool choice must${allowed.slice('Must'.length)}`)
  } else if (tools.length > 0 && !tools.some(({ name }) => name === choice)) {
    throw errors.invalid(component, `tool choice selected was not found. ${allowed}`)
  }
  return choice
}

/** As protojson writes it: what is empty or zero is left out, and numbers of 64 bits are strings. */
const outputsOf = ({ choices, model, usage }: Said): object[] =>
  choices.map(({ finishReason, content, toolCalls }, index) => ({
    choices: [
      {
        finishReason,
        ...(index > 0 && { index: String(index) }),
        message: {
          ...(content && { content }),
          ...(toolCalls.length > 0 && {
            toolCalls: toolCalls.map(({ id, function: call }) => ({
              ...(id && { id }),
              function: { ...(call.name && { name: call.name }), ...(call.arguments && { arguments: call.arguments }) },
            })),
          }),
        },
      },
    ],
    ...(model && { model }),
    ...(usage && {
      usage: Object.fromEntries(
        Object.entries(usage).flatMap(([key, count]) => (count > 0 ? [[key, String(count)]] : [])),
      ),
    }),
  }))
