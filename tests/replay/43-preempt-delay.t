# Row 43: preempt_delay: a lower-priority Master is tolerated for 5 s from its first advert, then
# its adverts no longer count and the timer runs out.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 delay=5
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1.5 < advert prio=50
> arm V1 PreemptDelay @6.5
@2.5 < advert prio=50
@3.5 < advert prio=50
@3.609375 * V1 MasterDown
> arm V1 MasterDown @7.109375
@4.5 < advert prio=50
@5.5 < advert prio=50
@6.5 < advert prio=50
@6.5 * V1 PreemptDelay
@7.109375 * V1 MasterDown
> arm V1 MasterDown @9.109375
@7.5 < advert prio=50
@8.5 < advert prio=50
@9.109375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @10.109375
> arm V1 SecondBurst @14.109375
> tell (V1) BACKUP -> MASTER: preempting 10.0.0.2, which has lower priority
@9.5 < advert prio=50
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @10.5
> arm V1 LowerPrioBurst @14.5
> note (V1): 10.0.0.2 is MASTER too, with lower priority 50
@10.4 < wait
