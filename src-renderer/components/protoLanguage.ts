import { StreamLanguage } from '@codemirror/language'

const WORDS =
  /^(?:syntax|edition|package|import|public|weak|option|message|enum|service|rpc|returns|stream|extend|extensions|reserved|oneof|map|repeated|optional|required|group|to|max|true|false)\b/
const TYPES = /^(?:double|float|u?int(?:32|64)|sint(?:32|64)|s?fixed(?:32|64)|bool|string|bytes)\b/

/** Colours for `.proto` texts; not a parser. */
export const protoLanguage = StreamLanguage.define<{ inComment: boolean }>({
  name: 'proto',
  startState: () => ({ inComment: false }),
  token: (stream, state) => {
    if (state.inComment || stream.match('/*')) {
      state.inComment = !stream.match(/^.*?\*\//)
      if (state.inComment) stream.skipToEnd()
      return 'comment'
    }
    if (stream.match(/^\/\/.*/)) return 'comment'
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^'\\]|\\.)*'?/)) return 'string'
    if (stream.match(/^-?(?:0x[\da-fA-F]+|\d+(?:\.\d+)?)/)) return 'number'
    if (stream.match(WORDS) || stream.match(TYPES)) return 'keyword'
    if (stream.match(/^[A-Za-z_]\w*/)) return 'propertyName'
    stream.next()
    return null
  },
})
