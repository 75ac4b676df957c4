import { MalformedMessage } from '../protocol/byteReader.ts'
import { decodeRequestBody, decodeRequestHeader, type OpenedRequest, type RequestHeader } from '../protocol/header.ts'
import { ApiVersions } from '../protocol/messages/apiVersions.ts'
import { speaks, type AnyApi, type ResponseInput } from '../protocol/schema.ts'
import type { BoundHandler } from './handler.ts'

export type Opened =
  | { readonly type: 'request'; readonly handler: BoundHandler; readonly header: RequestHeader; readonly body: unknown }
  /** KIP-511: who asks in a version we do not speak gets version 0's layout, with the range in which to ask again. */
  | { readonly type: 'versionsAsked'; readonly header: RequestHeader; readonly answer: ResponseInput<typeof ApiVersions> }
  /** No answer fits it. */
  | { readonly type: 'refused'; readonly reason: string }

/** Reads a whole request, a frame without its size, for whoever of `handlers` it is for. Never throws. */
export function openRequest(frame: Buffer, handlers: ReadonlyMap<number, BoundHandler>, listener: string): Opened {
  let handler: BoundHandler | undefined
  try {
    const request: OpenedRequest = decodeRequestHeader(frame)
    const { header } = request
    const { apiKey, apiVersion } = header
    handler = handlers.get(apiKey)
    if (handler === undefined) return { type: 'refused', reason: `API ${apiKey} is not served on ${listener}` }
    if (speaks(handler.api, apiVersion)) return { type: 'request', handler, header, body: decodeRequestBody(handler.api, request) }
    if (apiKey === ApiVersions.key) return { type: 'versionsAsked', header, answer: offerOf(handler.api) }
    return { type: 'refused', reason: `${handler.api.name} version ${apiVersion} is not served` }
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    return { type: 'refused', reason: `malformed ${handler?.api.name ?? 'request header'}: ${problem.message}` }
  }
}

const UNSUPPORTED_VERSION = 35

function offerOf({ key, advertised: [minVersion, maxVersion] }: AnyApi): ResponseInput<typeof ApiVersions> {
  return { errorCode: UNSUPPORTED_VERSION, apiKeys: [{ apiKey: key, minVersion, maxVersion }] }
}
