/**
 * Frames: an int32 size, a header, a body. Request headers are version 1, or 2 (with tags) where the API version is
 * flexible; response headers 0, or 1 likewise, except that ApiVersions always answers with 0, because who asks does not know yet what we
 * speak (KIP-511).
 */
import { ByteReader, MalformedMessage } from './byteReader.ts'
import { ByteWriter } from './byteWriter.ts'
import {
  type AnyApi,
  type Codec,
  nullableString,
  type RequestInput,
  type RequestOf,
  type ResponseInput,
  type ResponseOf,
  struct,
  type Version,
  versionOf,
} from './schema.ts'

const API_VERSIONS = 18
/** The client id keeps its int16 length even in flexible headers. */
const INFLEXIBLE: Version = { number: 0, flexible: false }

export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  /** Empty for a client that gave none. */
  readonly clientId: string
}

/** A request whose header has been read; whether its body can be is for whoever knows the API to say. */
export interface OpenedRequest {
  readonly header: RequestHeader
  /** Stands behind the client id: before the header's tags, if the API version has any. */
  readonly rest: ByteReader
}

/** Nothing but tags: what a flexible header has after its fields. */
const tags = struct({})

function hasTags(api: AnyApi, version: Version, direction: 'request' | 'response'): boolean {
  return version.flexible && (direction === 'request' || api.key !== API_VERSIONS)
}

/** A whole frame, size first, ready for one writev. */
export function encodeRequest<A extends AnyApi>(
  api: A,
  version: number,
  correlationId: number,
  clientId: string | null,
  body: RequestInput<A>,
): Buffer[] {
  const carried = versionOf(version, api.flexibleFrom)
  const to = new ByteWriter()
  const size = to.reserveInt32()
  to.int16(api.key)
  to.int16(version)
  to.int32(correlationId)
  nullableString.write(to, clientId, INFLEXIBLE)
  if (hasTags(api, carried, 'request')) tags.write(to, {}, carried)
  write(api.request, to, body, carried)
  to.fillInt32(size, to.length - 4)
  return to.chunks()
}

/** A whole frame, size first, ready for one writev. */
export function encodeResponse<A extends AnyApi>(api: A, version: number, correlationId: number, body: ResponseInput<A>): Buffer[] {
  const carried = versionOf(version, api.flexibleFrom)
  const to = new ByteWriter()
  const size = to.reserveInt32()
  to.int32(correlationId)
  if (hasTags(api, carried, 'response')) tags.write(to, {}, carried)
  write(api.response, to, body, carried)
  to.fillInt32(size, to.length - 4)
  return to.chunks()
}

// An API's codecs are known to the compiler only as the pair of types they serve; inside a generic function that pair cannot be spelled
// out.
function write(codec: Codec<unknown, never>, to: ByteWriter, body: unknown, version: Version): void {
  ;(codec as Codec<unknown, unknown>).write(to, body, version)
}

/** Reads a request's header out of a frame without its size. The body waits, since only the API key says how to read on. */
export function decodeRequestHeader(frame: Buffer): OpenedRequest {
  const rest = new ByteReader(frame)
  const apiKey = rest.int16()
  const apiVersion = rest.int16()
  const correlationId = rest.int32()
  const clientId = nullableString.read(rest, INFLEXIBLE) ?? ''
  return { header: { apiKey, apiVersion, correlationId, clientId }, rest }
}

/** Reads on where `decodeRequestHeader` stopped. The API must be the header's and speak its version. */
export function decodeRequestBody<A extends AnyApi>(api: A, { header, rest }: OpenedRequest): RequestOf<A> {
  const version = spoken(api, header.apiVersion)
  if (hasTags(api, version, 'request')) tags.read(rest, version)
  return api.request.read(rest, version) as RequestOf<A>
}

/** Which request a response answers: the first thing in its frame (without the size). */
export function correlationIdOf(frame: Buffer): number {
  return new ByteReader(frame).int32()
}

/** Reads a response out of a frame without its size. */
export function decodeResponse<A extends AnyApi>(
  api: A,
  version: number,
  frame: Buffer,
): { readonly correlationId: number; readonly body: ResponseOf<A> } {
  const carried = spoken(api, version)
  const from = new ByteReader(frame)
  const correlationId = from.int32()
  if (hasTags(api, carried, 'response')) tags.read(from, carried)
  return { correlationId, body: api.response.read(from, carried) as ResponseOf<A> }
}

function spoken(api: AnyApi, version: number): Version {
  const [first, last] = api.versions
  if (version < first || version > last) throw new MalformedMessage(`${api.name} version ${version} is outside ${first}-${last}`, 0)
  return versionOf(version, api.flexibleFrom)
}
