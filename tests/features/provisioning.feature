Feature: One play for the collector, one for its hosts

  Scenario: a second run changes nothing, and the host reports to the collector
    Given a fresh Debian for a collector and another for a host
    When both plays are run
    Then no task fails
    When both plays are run
    Then no task fails, and nothing is changed
    When the services of the collector are started
    And the agent of the host reports
    Then the collector has the listing of the host
    And the token stands in no file but its own
