Feature: A host that reports every five seconds, behind TLS

  Scenario: the newest listing is never old
    Given a collector
    And an agent for listings
    When the agent stays, reporting every 5s
    Then the count grows to at least 3
    And the latest listing carries the uuid of the agent
    And its timestamp has ten digits, a dot and seven decimals
    And each of its processes has the members of psutil
    And the memory_info of its processes is as psutil has it

  Scenario: a host that is told to stop stops
    Given a collector
    And an agent for listings
    When the agent stays, reporting every 1s
    Then the count grows to at least 1
    When the agent is told to stop
    Then it ends with 0
    And nothing is left in its spool

  Scenario: a collector that was away for a while misses nothing
    Given a collector
    And an agent for listings
    When the agent stays, reporting every 1s
    Then the count grows to at least 1
    When the collector goes away until 3 listings wait
    And the collector comes back
    Then the count grows to at least 5
    When the agent is told to stop
    Then the listings that waited are stored, each once
