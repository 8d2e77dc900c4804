package wav

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// scratch opens a file without a name: it is gone as soon as it is closed, or
// the program is. It lies under $TMPDIR, or else in a folder near the files
// that are worked on, as /tmp may be memory; where that cannot be written, in
// the system's place for temporary files.
func scratch(near string) (*os.File, error) {
	places := []string{near, "/var/tmp", os.TempDir()}
	if dir := os.Getenv("TMPDIR"); dir != "" {
		places = []string{dir}
	}
	var err error
	for _, dir := range places {
		var file *os.File
		if file, err = nameless(dir); err == nil {
			return file, nil
		}
	}
	return nil, err
}

func nameless(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0600)
	if err == nil {
		return os.NewFile(uintptr(fd), dir), nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.ENOENT) {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	file, err := os.CreateTemp(dir, ".jackknife-*.tmp") // the file system knows no such files
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
}
