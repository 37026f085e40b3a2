package task

import (
	"github.com/fusiongen/fusiongen/fuseimage/server"
)

// local is a file system that this process serves itself.
type local struct {
	*server.Server
	log *logFile
}

func (e Environment) serverConfig(l Limits, log *logFile) server.Config {
	s3 := e.S3
	s3.Memory, s3.Log = l.Buffers, log.Logger
	return server.Config{
		S3: s3, CacheDir: e.CacheDir, CacheSize: e.CacheSize, Tags: e.Tags, Refresh: e.Refresh, Stall: e.StopTimeout,
		Engine: e.Engine, Log: log.Logger,
	}
}
