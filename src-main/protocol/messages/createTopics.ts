import { ZERO_UUID } from '../../base/uuid.ts'
import {
  api,
  array,
  bool,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  type RequestOf,
  type ResponseOf,
  since,
  string,
  tagged,
  uuid,
  withDefault,
} from '../schema.ts'

/** Creates topics, or with `validateOnly` tells whether it could. Configs come back from version 5 on (KIP-525). */
export const CreateTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 7],
  flexibleFrom: 5,
  request: {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({ partitionIndex: int32, brokerIds: array(int32) }),
      configs: array({ name: string, value: nullableString }),
    }),
    timeoutMs: withDefault(int32, 60000),
    validateOnly: withDefault(bool, false),
  },
  response: {
    throttleTimeMs: int32,
    topics: array({
      name: string,
      topicId: since(7, uuid, ZERO_UUID, 'ignorable'),
      errorCode: int16,
      errorMessage: nullableString,
      topicConfigErrorCode: tagged(0, 5, int16, 0, 'ignorable'),
      numPartitions: since(5, int32, -1, 'ignorable'),
      replicationFactor: since(5, int16, -1, 'ignorable'),
      configs: since(
        5,
        nullableArray({
          name: string,
          value: nullableString,
          readOnly: bool,
          configSource: withDefault(int8, -1),
          isSensitive: bool,
        }),
        [],
        'ignorable',
      ),
    }),
  },
})
export type CreateTopicsRequest = RequestOf<typeof CreateTopics>
export type CreateTopicsResponse = ResponseOf<typeof CreateTopics>
