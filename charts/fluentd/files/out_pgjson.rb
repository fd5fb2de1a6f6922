# Corrects how the image's plugin meets a database that is away. As it is, it asks a lost connection again at once and for ever, which fills a core
# and the log, and never makes a new connection if the database was not back at the first try. Here both failures go to fluentd, which tries again
# with growing pauses and says why. And an object that lacks a field does not take those with it that came at the same time.
require "fluent/plugin/out_pgjson"

module Corrections
  def init_connection
    Thread.current[:conn] = PG::Connection.new(
      host: @host, port: @port, dbname: @database, user: @user, password: @password, sslmode: @sslmode.to_s, connect_timeout: 10
    )
  end

  # Called when a connection is lost.
  def reset_connection
    lost = Thread.current[:conn]
    Thread.current[:conn] = nil
    begin
      lost.close if lost
    rescue PG::Error
      # It was closed from the other side.
    end
    raise "the connection to the database is lost"
  end

  [:insert_framework, :insert_task, :insert_pod].each do |name|
    define_method(name) do |*given|
      begin
        super(*given)
      rescue NoMethodError => error
        log.error "an object without the fields that #{name} needs is passed over: #{error.message.lines.first}"
      end
    end
  end
end

Fluent::Plugin::PgJsonOutput.prepend(Corrections)
