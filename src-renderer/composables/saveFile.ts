/** Gives a text to the person as a file. */
export function saveFile(name: string, text: string, type = 'text/csv') {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

/** Lets the browser fetch what the host writes while it is fetched; the host says what its name is. */
export function downloadFrom(path: string) {
  const link = document.createElement('a')
  link.href = path
  link.download = ''
  link.click()
}
