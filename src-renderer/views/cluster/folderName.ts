/** The last part of a path of this or another system. */
export const folderName = (path: string): string => path.split(/[/\\]/).at(-1) || path
