import { ZERO_UUID } from '../../base/uuid.ts'
import {
  api,
  array,
  int16,
  int32,
  nullableString,
  nullableStringSince,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  until,
  uuid,
  withDefault,
} from '../schema.ts'

/** Deletes topics, by name or, from version 6 on, by id (KIP-516). */
export const DeleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexibleFrom: 4,
  request: {
    topics: since(6, array({ name: withDefault(nullableString, null), topicId: uuid }), []),
    topicNames: until(5, array(string), [], 'ignorable'),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    responses: array({
      name: nullableStringSince(6),
      topicId: since(6, uuid, ZERO_UUID, 'ignorable'),
      errorCode: int16,
      errorMessage: since(5, nullableString, null, 'ignorable'),
    }),
  },
})
export type DeleteTopicsRequest = RequestOf<typeof DeleteTopics>
export type DeleteTopicsResponse = ResponseOf<typeof DeleteTopics>
